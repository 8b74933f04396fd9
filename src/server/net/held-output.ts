/**
 * Decides how the replies of one connection wait until what they tell of is safe, in their order, and that a client whose
 * replies wait is not read without end. Knows neither requests nor files.
 */
import type { Socket } from 'node:net';
import type { CommitGate, CommitWaiter } from '../commit-gate.js';

/** Above this, nothing more is read from the client until something has left. */
const HELD_BYTES_MAX = 1024 * 1024;

interface Held {
  /** What has to be safe first. */
  readonly position: number;
  readonly chunks: readonly Buffer[];
  readonly bytes: number;
}

export class HeldOutput implements CommitWaiter {
  bytes = 0;
  private parts: Held[] = [];
  private isWaiting = false;
  private isPaused = false;
  private gate: CommitGate | null = null;

  constructor(
    private readonly socket: Socket,
    private readonly connection: {
      /** These may go now. */
      leave(chunks: readonly Buffer[]): void;
      /** What became of what was asked for nobody can say. */
      lost(): void;
    },
  ) {}

  get isEmpty(): boolean {
    return this.parts.length === 0;
  }

  /** `position` is null for what waits only for what is in front of it. */
  add(gate: CommitGate | null, position: number | null, chunks: readonly Buffer[]): void {
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    this.parts.push({ position: position ?? this.parts.at(-1)?.position ?? 0, chunks, bytes });
    this.bytes += bytes;
    this.gate = gate ?? this.gate;
    if (!this.isWaiting && this.gate !== null) {
      this.isWaiting = true;
      this.gate.wait(this);
    }
    if (this.bytes <= HELD_BYTES_MAX) return;
    this.isPaused = true;
    this.socket.pause();
  }

  committed(position: number): void {
    this.isWaiting = false;
    const [first] = this.parts;
    if (this.parts.length === 1 && first !== undefined && first.position <= position) {
      this.parts = [];
      this.bytes = 0;
      this.resume();
      this.connection.leave(first.chunks);
      return;
    }
    const count = this.parts.findIndex((part) => part.position > position);
    const free = count < 0 ? this.parts : this.parts.slice(0, count);
    this.parts = count < 0 ? [] : this.parts.slice(count);
    for (const part of free) this.bytes -= part.bytes;
    if (this.parts.length > 0 && this.gate !== null) {
      this.isWaiting = true;
      this.gate.wait(this);
    }
    this.resume();
    const chunks = free.flatMap((part) => part.chunks);
    if (chunks.length > 0) this.connection.leave(chunks);
  }

  private resume(): void {
    if (!this.isPaused || this.bytes > HELD_BYTES_MAX) return;
    this.isPaused = false;
    this.socket.resume();
  }

  lost(): void {
    this.isWaiting = false;
    this.parts = [];
    this.bytes = 0;
    this.connection.lost();
  }
}
