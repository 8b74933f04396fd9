/** The sorted set commands answer as a real redis-server does, whatever is sent. */
import { describeGenerated } from './generated.js';
import { sortedSets } from './sorted-sets.js';

describeGenerated(sortedSets);
