/**
 * Decides which rows the answer to a write with RETURNING shows, from its packets. Believes only columns that the server
 * itself calls by the expected names.
 *
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset.html
 */
import type { Target } from '../../cache/protocol/refs.js';
import type { ToldColumn } from '../../sql/plan.js';
import { canonicalValue, NULL_VALUE } from '../../sql/values.js';
import type { Told } from '../told.js';
import { ToldValues } from '../told-values.js';
import { Cells } from './answers.js';
import { isExecute } from './driver.js';
import { type Watcher, watchPackets } from './following.js';
import { HEADER_BYTES } from './layout.js';
import type { Packet, ResultCommand } from './shapes.js';

const [OK, LOCAL_INFILE, NULL_CELL, ERROR] = [0x00, 0xfb, 0xfb, 0xff];
/** Of a column's description: catalog, schema, table, its own name, the shown name, its own name. */
const NAMES = 6;

export class ToldRows implements Watcher {
  private readonly values = new ToldValues();
  private state: 'header' | 'columns' | 'columns-end' | 'rows' | 'complete' | 'unreadable' = 'header';
  private fieldCount = 0;
  private described = 0;
  private columns: ToldColumn[] = [];
  private rows = 0;

  constructor(private readonly told: Told) {}

  /** Sees what the driver is handed for this command, before it does. */
  watch(command: ResultCommand): void {
    // Values of the binary protocol are not read.
    if (!isExecute(command)) watchPackets(command, this);
  }

  /** What of these targets was written; null: the rows do not tell. To be asked once the statement has succeeded. */
  narrow(targets: readonly Target[]): readonly Target[] | null {
    const { key } = this.told;
    // The last packet is told of before it is handed to the command.
    if (this.state !== 'rows' && this.state !== 'complete') return null;
    if (this.rows === 0) return this.told.isNothingAtZero ? [] : null;
    return targets.map((target) =>
      target.table === key ? { table: key, pins: this.values.pinsOf(target) } : target,
    );
  }

  see(packet: Packet): void {
    if (packet.numPackets > 1) this.state = 'unreadable';
    const cells = new Cells(packet.buffer, packet.start + HEADER_BYTES, packet.end);
    switch (this.state) {
      case 'header': {
        const first = packet.buffer[packet.start + HEADER_BYTES] ?? ERROR;
        this.fieldCount = Number(cells.number());
        this.state = [OK, LOCAL_INFILE, ERROR].includes(first) ? 'unreadable' : 'columns';
        return;
      }
      case 'columns':
        this.describe(cells);
        if (this.described === this.fieldCount) this.state = 'columns-end';
        return;
      case 'columns-end':
        this.state = 'rows';
        return;
      case 'rows':
        if (packet.isEOF()) this.state = 'complete';
        else if (packet.isError()) this.state = 'unreadable';
        else this.row(cells);
        return;
      default:
        this.state = 'unreadable'; // several results
    }
  }

  private describe(cells: Cells): void {
    const position = this.described++;
    const names = Array.from({ length: NAMES }, () => cells.string());
    const own = names.at(-1)?.toLowerCase();
    const found = this.told.columns.filter((each) => each.position === position && each.name === own);
    this.columns.push(...found);
    for (const { column } of found) this.values.expect(column);
  }

  private row(cells: Cells): void {
    this.rows++;
    const shown = Array.from({ length: this.fieldCount }, () => cells.nullable(NULL_CELL));
    for (const { column, position, valueClass } of this.columns) {
      const value = shown[position] ?? null;
      this.values.add(column, value === null ? NULL_VALUE : canonicalValue(valueClass, value));
    }
  }
}
