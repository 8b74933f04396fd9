/** The public names of the embedded server, nothing else. */

export type { LogLevel } from './command.js';
export { ConfigFileError, type ConfigLine, readConfiguration } from './conf-file/read.js';
export { isListParameter } from './config-parameters.js';
export { type Argument, type CommandArguments, ReplyError, type Value } from './in-process.js';
export { type EvictionPolicy, evictionPolicies } from './keyspace/eviction.js';
export type { ListenOptions } from './net/listener.js';
export { parseMemorySize } from './parameters/parameter.js';
export { examineRdb, type FileReport, type Share } from './persistence/examine-file.js';
export { redisSavePoints } from './persistence/settings.js';
export { ErrorReply } from './resp/reply.js';
export { createServer } from './server.js';
export type { EmbeddedServer, InProcessClient, ServerConfig, ServerStats } from './server-api.js';
export type { ServerLimits } from './settings.js';
export { ParameterError } from './start-parameters.js';
