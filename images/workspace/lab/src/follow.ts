/** Follows the notices: one reading for all who show them, and notifications for what changed. */
import { Notification } from '@jupyterlab/apputils';
import { Poll } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';
import { Notices, Server } from './server';
import { Speaker } from './words';

const PERIOD = 5000; // milliseconds; a hidden page asks less often
const HIDDEN = 60000;
const OWN_ACTS = ['withdrawn', 'downloaded'];

export class Follower {
  constructor(
    private readonly _server: Server,
    private readonly _speaker: Speaker
  ) {
    this._poll = new Poll({ factory: () => this._look(), frequency: { interval: PERIOD, backoff: true, max: HIDDEN } });
    document.addEventListener('visibilitychange', () => {
      this._poll.frequency = { interval: document.hidden ? HIDDEN : PERIOD, backoff: true, max: HIDDEN };
      if (!document.hidden) {
        void this._poll.refresh();
      }
    });
  }

  /** The notices are others than before. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The notices as they were last read. */
  get last(): Notices | null {
    return this._last;
  }

  private async _look(): Promise<void> {
    const now = await this._server.notices();
    if (now === null || JSON.stringify(now) === JSON.stringify(this._last)) {
      return;
    }
    const before = this._last;
    this._last = now;
    this._changed.emit();
    this._closing(now);
    if (before !== null) {
      this._requests(before, now);
    }
  }

  private _requests(before: Notices, now: Notices): void {
    const known = new Map(before.requests.map(request => [request.id, request.status]));
    for (const request of now.requests) {
      const isNews = request.mine && known.get(request.id) !== request.status;
      if (isNews && request.owner !== 'worker' && !OWN_ACTS.includes(request.status)) {
        const status = request.said[this._speaker.language];
        this._tell(this._speaker.say('changed', { request: request.id, status }), request.status);
      }
    }
    const seen = new Set(before.refused.map(refused => refused.entry));
    for (const refused of now.refused.filter(each => !seen.has(each.entry))) {
      this._tell(this._speaker.say('refusedEntry', { why: refused.why[this._speaker.language] }), 'refused');
    }
  }

  private _tell(message: string, status: string): void {
    const bad = ['refused', 'rejected', 'returned', 'recalled', 'expired'];
    const type = bad.includes(status) ? 'warning' : status === 'released' ? 'success' : 'info';
    Notification.emit(message, type, { autoClose: type === 'info' ? 10000 : false });
  }

  private _closing(now: Notices): void {
    if (now.closing?.at === this._told) {
      return;
    }
    if (this._notification) {
      Notification.dismiss(this._notification);
      this._notification = '';
    }
    if (now.closing) {
      const places = { time: this._speaker.time(now.closing.at), why: now.closing.why[this._speaker.language] };
      this._notification = Notification.warning(this._speaker.say('closing', places), { autoClose: false });
    } else {
      Notification.info(this._speaker.say('staysOpen'), { autoClose: 5000 });
    }
    this._told = now.closing?.at;
  }

  private readonly _poll: Poll;
  private readonly _changed = new Signal<this, void>(this);
  private _last: Notices | null = null;
  private _told: string | undefined;
  private _notification = '';
}
