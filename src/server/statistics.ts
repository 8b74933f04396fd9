/** Decides what the server counts beside the data. Knows nothing of who counts. */
export class Statistics {
  connectionsReceived = 0;
  connectionsRejected = 0;
  commandsProcessed = 0;
  inputBytes = 0;
  outputBytes = 0;
  errorReplies = 0;
  /** The most that data and clients have been seen to weigh. */
  peakBytes = 0;
  /** Clients cut because they did not read what they asked for. */
  outputLimitDisconnections = 0;
  /** Clients cut because all of them together needed too much memory. */
  evictedClients = 0;
  /** Clients cut because they did not speak the protocol. */
  protocolErrors = 0;

  reset(): void {
    Object.assign(this, new Statistics());
  }
}
