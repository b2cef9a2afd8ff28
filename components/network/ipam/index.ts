export { defaultTimings, startReconciler, type ReconcilerOptions, type ReconcilerTimings, type RunningReconciler } from './reconciler/start.ts';
export { defaultDataDir } from './data-dir.ts';
export { launcher, residentLauncher, type LauncherOptions } from './launcher.ts';
export { defaultSocket } from './resident/variables.ts';
