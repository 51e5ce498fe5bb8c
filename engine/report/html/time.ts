import { type Html, html } from './markup.ts'
import type { Picture } from './picture.ts'

/** Where the script of the page draws, and what says the same in words. */
export const pictures = ({ hosts, curve, spans }: Picture): Html =>
  spans.length === 0
    ? html``
    : html`<section id="time" aria-labelledby="time-head"><h2 id="time-head">Hosts over time</h2>
<noscript><p>The picture is drawn by a script of this page.</p></noscript>
<ul class="legend" aria-hidden="true">
<li class="ok">ok</li><li class="changed">changed</li><li class="failed">failed</li><li class="broken-off">unreachable, or broken off</li><li class="skipped">skipped</li><li class="out">out of service</li><li class="gate">waits for its gate</li>
</ul>
<div class="scroll" tabindex="0" role="group" aria-label="picture of hosts over time"><div id="timeline" role="img" aria-label="When each of ${hosts.length} hosts was worked on. The same is in the table below."></div></div>
<p id="shown-hosts" class="hint"></p>
<div id="curve" role="img" aria-label="How many hosts were at work, ${Math.max(...curve.work)} at the most; and how many in service, ${Math.min(...curve.serve)} of ${hosts.length} at the least."></div>
<p class="hint">In service are those that no hook of a play had taken out (a node that is drained, a port that is closed). What clients noticed is not in a run's journal, and so not here.</p>
<details id="times"><summary>The picture as a table</summary><div class="scroll" tabindex="0" role="group" aria-label="table of hosts over time"><table><caption>Seconds since the run began</caption>
<thead><tr><th scope="col">host</th><th scope="col">play</th><th scope="col">from</th><th scope="col">to</th><th scope="col">outcome</th><th scope="col">out of service</th><th scope="col">waited for its gate</th></tr></thead><tbody></tbody></table></div></details>
</section>`
