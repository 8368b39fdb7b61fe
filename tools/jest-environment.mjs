/**
 * Jest's node environment, which in addition tells the tests' own tools that something failed, and has them clean up
 * when everything else is over. An `afterAll` of theirs would run before those of the tests: Jest keeps their order.
 */
import { TestEnvironment } from 'jest-environment-node';

export default class QuartetEnvironment extends TestEnvironment {
  async handleTestEvent(event) {
    const { quartetTests } = this.global;
    if (event.name === 'test_fn_failure' || event.name === 'hook_failure') quartetTests?.failed();
    if (event.name === 'run_finish') await quartetTests?.over();
  }
}
