/** The dialog before a notebook is handed in: what leaves the workspace, and what each output shows. */
import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import * as React from 'react';
import { Output, Request, Submission } from './server';
import { Speaker } from './words';

const LONGEST_TITLE = 120; // as egress/store/submission.py has it
const LONGEST_DESCRIPTION = 500;
const LONGEST_ANSWER = 500;

/** A file beside the notebook; `named`: the notebook names it. */
export interface Beside {
  name: string;
  named: boolean;
}

export class SubmissionForm extends ReactWidget implements Dialog.IBodyWidget<Submission> {
  constructor(
    private readonly _speaker: Speaker,
    private readonly _outputs: Output[],
    private readonly _beside: Beside[],
    private readonly _returned: Request[],
    private readonly _kept: Submission,
    private readonly _problem: string
  ) {
    super();
    this.addClass('bulle-submission');
    this.node.lang = _speaker.language;
  }

  /** What stands in the form now. */
  getValue(): Submission {
    const field = (name: string) => this.node.querySelector<HTMLInputElement>(`[name="${CSS.escape(name)}"]`);
    const described = this._outputs.map(output => [output.name, field(`about ${output.name}`)?.value.trim() ?? '']);
    const again = field('again')?.value;
    return {
      ...(again && { again: { request: again, answer: field('answer')?.value.trim() ?? '' } }),
      notebook: this._kept.notebook,
      title: field('title')?.value.trim() ?? '',
      descriptions: Object.fromEntries(described),
      files: this._beside.map(file => file.name).filter(name => field(`file ${name}`)?.checked)
    };
  }

  protected render(): React.JSX.Element {
    const { title, files, descriptions } = this._kept;
    return (
      <>
        {this._problem && (
          <p role="alert" className="bulle-problem">
            {this._problem}
          </p>
        )}
        <p>{this._speaker.say('what')}</p>
        {this._returned.length > 0 && (
          <Again speaker={this._speaker} returned={this._returned} kept={this._kept.again} form={this.node} />
        )}
        <label>
          {this._speaker.say('title')}
          <input type="text" name="title" defaultValue={title} maxLength={LONGEST_TITLE} />
          <Checked node={this.node} />
        </label>
        <fieldset>
          <legend>{this._speaker.say('outputs')}</legend>
          {this._outputs.map(output => (
            <Described key={output.name} speaker={this._speaker} output={output} said={descriptions[output.name] ?? ''} />
          ))}
        </fieldset>
        {this._beside.length > 0 && (
          <fieldset>
            <legend>{this._speaker.say('files')}</legend>
            {this._beside.map(({ name }) => (
              <label key={name} className="bulle-file">
                <input type="checkbox" name={`file ${name}`} defaultChecked={files.includes(name)} />
                {name}
              </label>
            ))}
          </fieldset>
        )}
      </>
    );
  }
}

/** Whether it is a new request or another turn of one that came back, and then what was changed. */
function Again(props: {
  speaker: Speaker;
  returned: Request[];
  kept: Submission['again'];
  form: HTMLElement;
}): React.JSX.Element {
  const { speaker, returned, kept, form } = props;
  const [request, setRequest] = React.useState(kept?.request ?? '');
  return (
    <>
      <label>
        {speaker.say('as')}
        <select name="again" value={request} onChange={event => setRequest(event.target.value)}>
          <option value="">{speaker.say('newRequest')}</option>
          {returned.map(({ id, said }) => (
            <option key={id} value={id}>{`${id}: ${said[speaker.language]}`}</option>
          ))}
        </select>
      </label>
      {request && (
        <label>
          {speaker.say('answer')}
          <textarea name="answer" required defaultValue={kept?.answer} maxLength={LONGEST_ANSWER} rows={2} />
        </label>
      )}
      <Checked key={request} node={form} />
    </>
  );
}

/** A dialog looks for fields that are not filled when somebody types; this has it look once before. */
function Checked({ node }: { node: HTMLElement }): null {
  React.useEffect(() => void node.dispatchEvent(new Event('input', { bubbles: true })), [node]);
  return null;
}

function Described(props: { speaker: Speaker; output: Output; said: string }): React.JSX.Element {
  const { speaker, output, said } = props;
  return (
    <label>
      <span>
        {speaker.say('describe', { name: output.name })}
        {output.title && <span className="bulle-quiet"> — {output.title}</span>}
      </span>
      <textarea name={`about ${output.name}`} required defaultValue={said} maxLength={LONGEST_DESCRIPTION} rows={2} />
    </label>
  );
}
