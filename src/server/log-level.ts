/** Decides how much what a server says to whoever runs it matters. (Redis: `loglevel`.) */

export type LogLevel = 'debug' | 'verbose' | 'notice' | 'warning';
