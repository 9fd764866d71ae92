/** Handing a notebook in: save it, ask what it declares, have each output described, and leave it in the outbox. */
import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { NotebookPanel } from '@jupyterlab/notebook';
import { Contents } from '@jupyterlab/services';
import { Follower } from './follow';
import { Output, Refused, Server, Submission } from './server';
import { Beside, SubmissionForm } from './submission';
import { Speaker } from './words';

const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/; // as egress/store/submission.py has it

export class Submitter {
  constructor(
    private readonly _server: Server,
    private readonly _contents: Contents.IManager,
    private readonly _follower: Follower,
    private readonly _speaker: Speaker
  ) {}

  /** Ends when it was handed in, or somebody thought better of it. */
  async submit(panel: NotebookPanel): Promise<void> {
    try {
      await panel.context.save();
      const outputs = await this._server.outputs(panel.context.path);
      if (outputs.length === 0) {
        Notification.warning(this._speaker.say('nothing'), { autoClose: false });
        return;
      }
      await this._ask(panel, outputs);
    } catch (error) {
      Notification.error(this._speaker.say('failed', { why: this._why(error) }), { autoClose: false });
    }
  }

  private async _ask(panel: NotebookPanel, outputs: Output[]): Promise<void> {
    const beside = await this._beside(panel);
    const returned = this._follower.last?.requests.filter(each => each.mine && each.owner === 'author') ?? [];
    let kept: Submission = {
      notebook: panel.context.path,
      title: titleOf(panel),
      descriptions: {},
      files: beside.filter(file => file.named).map(file => file.name)
    };
    for (let problem = ''; ; ) {
      const answer = await showDialog({
        title: this._speaker.say('submit'),
        body: new SubmissionForm(this._speaker, outputs, beside, returned, kept, problem),
        buttons: [
          Dialog.cancelButton({ label: this._speaker.say('cancel') }),
          Dialog.okButton({ label: this._speaker.say('handIn') })
        ],
        focusNodeSelector: 'textarea'
      });
      if (!answer.button.accept || answer.value === null) {
        return;
      }
      kept = answer.value;
      try {
        await this._server.submit(kept);
        Notification.success(this._speaker.say('submitted'), { autoClose: 8000 });
        return;
      } catch (error) {
        problem = this._speaker.say('failed', { why: this._why(error) });
      }
    }
  }

  /** The files beside the notebook that may be handed in with it. */
  private async _beside(panel: NotebookPanel): Promise<Beside[]> {
    const folder = await this._contents.get(PathExt.dirname(panel.context.path), { content: true });
    const text = panel.content.widgets.map(cell => cell.model.sharedModel.getSource()).join('\n');
    return (folder.content as Contents.IModel[])
      .filter(item => item.type === 'file' && FILE_NAME.test(item.name))
      .map(({ name }) => ({ name, named: isNamed(name, text) }))
      .sort((one, other) => one.name.localeCompare(other.name));
  }

  private _why(error: unknown): string {
    if (error instanceof Refused) {
      return error.message || this._speaker.say('unreachable', { status: error.status });
    }
    return error instanceof Error ? error.message : String(error);
  }
}

function isNamed(file: string, notebook: string): boolean {
  const stem = file.replace(/\.py$/, '');
  const imported = new RegExp(`\\b(import|from)\\s+${stem.replace(/[.-]/g, '\\$&')}\\b`);
  return notebook.includes(file) || (stem !== file && imported.test(notebook));
}

/** The first heading of the notebook. */
function titleOf(panel: NotebookPanel): string {
  for (const cell of panel.content.widgets) {
    const heading = cell.model.type === 'markdown' && /^#\s+(.+)$/m.exec(cell.model.sharedModel.getSource());
    if (heading) {
      return heading[1]!.trim().slice(0, 120);
    }
  }
  return '';
}
