/** Decides whether the protocol holds for writes by others: every state of every scenario. */
import { describeHolds } from './holds.js';
import { feedScenarios } from './scenarios.js';

describeHolds('writes by others', feedScenarios);
