/** Decides whether the protocol holds for whole tables: every state of every scenario. */
import { describeHolds } from './holds.js';
import { tableScenarios } from './scenarios.js';

describeHolds('whole tables', tableScenarios);
