/** SORT orders, looks up and stores as a real redis-server does. */
import { describeGenerated } from './generated.js';
import { sorting } from './sort.js';

describeGenerated(sorting);
