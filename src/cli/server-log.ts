/** Decides how a server of its own writes its log: redis-server's lines, to a file or to standard output. */
import { appendFileSync } from 'node:fs';
import type { Clock } from '../clock.js';
import type { LogLevel } from '../server/index.js';

const marks: Readonly<Record<LogLevel, string>> = { debug: '.', verbose: '-', notice: '*', warning: '#' };
const ranks: readonly string[] = ['debug', 'verbose', 'notice', 'warning'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export class ServerLog {
  /** The least level that is written. */
  level: () => string = () => 'notice';

  constructor(
    private readonly clock: Clock,
    /** Opened for each line, so that it can be moved away. Empty: standard output. */
    private readonly path: string,
  ) {}

  write(level: LogLevel, message: string): void {
    if (ranks.indexOf(level) < ranks.indexOf(this.level())) return;
    const line = `${process.pid}:M ${this.time()} ${marks[level]} ${message}`;
    if (this.path === '') console.log(line);
    else appendFileSync(this.path, `${line}\n`);
  }

  private time(): string {
    const now = new Date(this.clock.wallMs());
    const two = (value: number): string => String(value).padStart(2, '0');
    const day = `${two(now.getDate())} ${months[now.getMonth()]} ${now.getFullYear()}`;
    const ms = String(now.getMilliseconds()).padStart(3, '0');
    return `${day} ${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}.${ms}`;
  }
}
