/** The hash commands answer as a real redis-server does, whatever is sent. */
import { describeGenerated } from './generated.js';
import { hashes } from './hashes.js';

describeGenerated(hashes);
