/** Why a host failed, for the operator. */
export class HostFailure extends Error {
  override readonly name = 'HostFailure'
  readonly task: string
  readonly role: string
  readonly output: string | undefined
  readonly hint: string | undefined
  constructor(failure: { task: string; role: string; message: string; output?: string; hint?: string }) {
    super(failure.message)
    this.task = failure.task
    this.role = failure.role
    this.output = failure.output
    this.hint = failure.hint
  }
}
