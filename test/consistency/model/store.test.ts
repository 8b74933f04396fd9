/** Decides whether the protocol holds for failovers and moved slots: every state of every scenario. */
import { describeHolds } from './holds.js';
import { storeScenarios } from './scenarios.js';

describeHolds('failovers and moved slots', storeScenarios);
