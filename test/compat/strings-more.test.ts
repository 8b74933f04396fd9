/** The string and bitmap commands answer as a real redis-server does, whatever is sent. */
import { describeGenerated } from './generated.js';
import { bitmaps, stringsMore } from './strings-more.js';

describeGenerated(stringsMore);
describeGenerated(bitmaps);
