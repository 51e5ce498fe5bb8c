/** What is sent and what comes back: programs, frames and their bounds, the runtime on the host. */

export { type Answer, changesAnswer, commandAnswer, factsAnswer } from './answer.ts'
export { applyText } from './apply.ts'
export { heardOf } from './heard.ts'
export { largestFetch, longestHello, longestOutput, longestStepOutput, mostStderr } from './limits.ts'
export { probeOf } from './probe.ts'
export { joined, type Program } from './program.ts'
export { type Frame, type FrameReader, frameReader, type Head, markOf } from './protocol.ts'
export type { ApplyItem, ApplyProgram, RunCommand } from './requests.ts'
export { runText } from './run.ts'
export { announcedShell, readingShell, readyMark, runtimeText } from './runtime.ts'
