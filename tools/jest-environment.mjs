/** Jest's node environment, which in addition tells the tests' own hooks that something failed. */
import { TestEnvironment } from 'jest-environment-node';

export default class QuartetEnvironment extends TestEnvironment {
  handleTestEvent(event) {
    if (event.name === 'test_fn_failure' || event.name === 'hook_failure')
      this.global.quartetTestFailed = true;
  }
}
