/**
 * Decides in which order test files are begun: those that take long first, so that none of them is left alone at the end.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** They took more than twenty seconds of a run of ten minutes on four cores, longest first. */
const slow = [
  'test/examples/demo.test.ts',
  'test/consistency/history/topologies.test.ts',
  'test/consistency/interleavings/mutants.test.ts',
  'test/persistence/point-in-time.test.ts',
  'test/examples/topologies.test.ts',
  'test/consistency/history/workload.test.ts',
  'test/consistency/history/steps.test.ts',
  'test/topology/stores-of-several.test.ts',
  'test/topology/failover.test.ts',
  'test/consistency/differential/mutants.test.ts',
  'test/package/package.test.ts',
  'test/consistency/model/row.test.ts',
  'test/persistence/aof-compat.test.ts',
  'test/server/serve.test.ts',
  'test/changes/mysql-log.test.ts',
  'test/adapters/mysql2/resolve.test.ts',
  'test/persistence/aof-loading.test.ts',
  'test/consistency/history/steps-mariadb.test.ts',
  'test/adapters/pg/resolve.test.ts',
  'test/examples/http.test.ts',
  'test/persistence/aof-crash.test.ts',
  'test/cli/program.test.ts',
  'test/cli/serve-persistence.test.ts',
  'test/persistence/dump-tools.test.ts',
  'test/topology/cluster.test.ts',
];

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = slow.findIndex((path) => moduleId.endsWith(path));
      return index < 0 ? slow.length : index;
    };
    const sorted = await super.sort(files);
    return sorted.sort((left, right) => rank(left) - rank(right));
  }
}
