/** The set commands answer as a real redis-server does, whatever is sent. */
import { describeGenerated } from './generated.js';
import { sets } from './sets.js';

describeGenerated(sets);
