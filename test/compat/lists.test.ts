/** The list commands answer as a real redis-server does, whatever is sent. */
import { describeGenerated } from './generated.js';
import { lists } from './lists.js';

describeGenerated(lists);
