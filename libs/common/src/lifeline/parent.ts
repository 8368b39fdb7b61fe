/**
 * Calls back once when the process that started this one is gone: its IPC channel closes where there is one, else
 * stdin reaches its end. For a child that must not outlive a parent which was killed.
 */
export function onParentGone(callback: () => void): void {
  let told = false;
  const tell = (): void => {
    if (told) return;
    told = true;
    callback();
  };
  if (process.send !== undefined) {
    process.once('disconnect', tell);
    return;
  }
  process.stdin.once('end', tell).once('close', tell).once('error', tell);
  process.stdin.resume();
}
