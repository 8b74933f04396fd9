/** Decides whether the protocol holds for rows: every state of every scenario. */
import { describeHolds } from './holds.js';
import { rowScenarios } from './scenarios.js';

describeHolds('rows', rowScenarios);
