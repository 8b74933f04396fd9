/** The geo commands answer as a real redis-server does, to the last digit. */
import { describeGenerated } from './generated.js';
import { geo } from './geo.js';

describeGenerated(geo);
