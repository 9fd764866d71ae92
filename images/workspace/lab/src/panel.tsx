/** The side panel: what was granted, what was asked for, and what the extract holds, in the data holder's words. */
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import { Follower } from './follow';
import { Column, Manifest, Notices, Request, Scalar, Server } from './server';
import { Speaker } from './words';

const MOST_VALUES = 12;
const AGAIN = 5000; // milliseconds until what could not be read is read again

/** What somebody chose: a table's snippet, or a column's name. */
export type Choice =
  | { kind: 'select' | 'release'; table: string; manifest: Manifest }
  | { kind: 'column'; name: string };
type Choose = (choice: Choice) => void;

interface Shown {
  speaker: Speaker;
  choose: Choose;
}

export class Panel extends ReactWidget {
  constructor(
    private readonly _server: Server,
    private readonly _follower: Follower,
    private readonly _speaker: Speaker,
    private readonly _choose: Choose,
    private readonly _requestsPage: string
  ) {
    super();
    this.addClass('bulle-data');
    this.node.lang = _speaker.language;
    _follower.changed.connect(() => this.update());
    void this._read();
  }

  protected onAfterShow(): void {
    this.update();
  }

  protected render(): React.JSX.Element {
    const speaker = this._speaker;
    return (
      <>
        <Permit speaker={speaker} notices={this._follower.last} />
        <Requests speaker={speaker} notices={this._follower.last} page={this._requestsPage} />
        <section aria-labelledby="bulle-tables">
          <h2 id="bulle-tables">{speaker.say('tables')}</h2>
          {this._problem && (
            <p role="alert" className="bulle-problem">
              {speaker.say('noData', { why: this._problem })}
            </p>
          )}
          {!this._manifest && !this._problem && <p role="status">{speaker.say('loading')}</p>}
          {this._manifest && <Tables speaker={speaker} choose={this._choose} manifest={this._manifest} />}
        </section>
      </>
    );
  }

  private async _read(): Promise<void> {
    try {
      this._manifest = await this._server.manifest();
      this._problem = '';
    } catch (error) {
      this._problem = error instanceof Error ? error.message : String(error);
      window.setTimeout(() => void this._read(), AGAIN);
    }
    this.update();
  }

  private _manifest: Manifest | null = null;
  private _problem = '';
}

function Permit({ speaker, notices }: { speaker: Speaker; notices: Notices | null }): React.JSX.Element {
  const { permit, budget } = notices ?? { permit: null, budget: null };
  return (
    <section aria-labelledby="bulle-permit">
      <h2 id="bulle-permit">{speaker.say('permit')}</h2>
      {!permit && <p className="bulle-quiet">{speaker.say('notKnown')}</p>}
      {permit && (
        <>
          <p>
            <strong>{permit.title}</strong>
          </p>
          <p>{speaker.say('until', { day: speaker.day(permit.valid_until) })}</p>
          <dl>
            <dt>{speaker.say('purpose')}</dt>
            <dd title={permit.statement}>{permit.purpose[speaker.language]}</dd>
            {budget && (
              <>
                <dt>{speaker.say('budget')}</dt>
                <dd>{speaker.say('budgetOf', { left: rho(speaker, budget.left), rho: rho(speaker, budget.rho) })}</dd>
              </>
            )}
          </dl>
        </>
      )}
    </section>
  );
}

function Requests(props: { speaker: Speaker; notices: Notices | null; page: string }): React.JSX.Element {
  const { speaker, notices, page } = props;
  const requests = notices?.requests ?? [];
  return (
    <section aria-labelledby="bulle-requests">
      <h2 id="bulle-requests">{speaker.say('requests')}</h2>
      {requests.length === 0 && <p className="bulle-quiet">{speaker.say('noRequests')}</p>}
      <ul aria-live="polite">
        {requests.map(request => (
          <RequestItem key={request.id} speaker={speaker} request={request} />
        ))}
      </ul>
      <p>
        <a href={page}>{speaker.say('page')}</a>
      </p>
    </section>
  );
}

function RequestItem({ speaker, request }: { speaker: Speaker; request: Request }): React.JSX.Element {
  return (
    <li data-request={request.id} data-status={request.status}>
      <div>
        <span className="bulle-name">{request.id}</span>{' '}
        <span className="bulle-quiet">({speaker.say(request.mine ? 'mine' : 'colleague')})</span>
      </div>
      {request.title && <div>{request.title}</div>}
      <div>
        <strong>{request.said[speaker.language]}</strong>{' '}
        <span className="bulle-quiet">{speaker.moment(request.at)}</span>
      </div>
      {request.reasons.map((reason, index) => (
        <div key={index} className="bulle-problem">
          {reason[speaker.language]}
        </div>
      ))}
    </li>
  );
}

function Tables({ speaker, choose, manifest }: Shown & { manifest: Manifest }): React.JSX.Element {
  const { tables, source } = manifest.catalogue;
  const names = Object.keys(tables);
  return (
    <>
      {source.description && <p className="bulle-quiet">{source.description}</p>}
      {names.map(name => (
        <TableItem
          key={name}
          {...{ speaker, choose, manifest, name }}
          open={names.length === 1}
        />
      ))}
    </>
  );
}

function TableItem(props: Shown & { manifest: Manifest; name: string; open: boolean }): React.JSX.Element {
  const { speaker, choose, manifest, name } = props;
  const table = manifest.catalogue.tables[name]!;
  const rows = manifest.tables[name]?.rows ?? 0;
  const personKey = manifest.catalogue.source.person_key;
  const isPersons = manifest.tables[name]?.persons != null;
  const limit = table.rows_per_person;
  return (
    <details open={props.open}>
      <summary>
        <span className="bulle-name">{name}</span>{' '}
        <span className="bulle-quiet">{speaker.say('rows', { count: speaker.number(rows) })}</span>
      </summary>
      {table.description && <p>{table.description}</p>}
      {limit !== null && <p className="bulle-quiet">{speaker.say('perPerson', { count: limit })}</p>}
      {(['select', 'release'] as const).map(kind => (
        <button key={kind} className="bulle-insert" onClick={() => choose({ kind, table: name, manifest })}>
          {speaker.say(kind === 'select' ? 'insertSelect' : 'insertRelease')}
        </button>
      ))}
      <ul>
        {isPersons && !(personKey in table.columns) && (
          <li>
            <ColumnName {...{ speaker, choose, name: personKey }} />{' '}
            <span className="bulle-quiet">{speaker.say('personKey')}</span>
          </li>
        )}
        {Object.entries(table.columns).map(([column, described]) => (
          <ColumnItem key={column} {...{ speaker, choose, name: column, column: described }} />
        ))}
      </ul>
    </details>
  );
}

function ColumnName({ speaker, choose, name }: Shown & { name: string }): React.JSX.Element {
  const label = speaker.say('insertColumn', { name });
  return (
    <button className="bulle-column" title={label} aria-label={label} onClick={() => choose({ kind: 'column', name })}>
      {name}
    </button>
  );
}

function ColumnItem(props: Shown & { name: string; column: Column }): React.JSX.Element {
  const { speaker, column } = props;
  const marks = (['identifying', 'sensitive', 'unit'] as const).filter(mark => column[mark]);
  const coarseness = [
    column.categories && speaker.say('values', { list: values(speaker, column.categories) }),
    column.bounds && speaker.say('bounds', { low: String(column.bounds[0]), high: String(column.bounds[1]) }),
    column.breaks && speaker.say('breaks', { list: values(speaker, column.breaks) })
  ].filter(Boolean);
  return (
    <li>
      <ColumnName {...props} />{' '}
      <span className="bulle-quiet">{[column.type, ...marks].map(word => speaker.say(word)).join(', ')}</span>
      <div>{column.description}</div>
      {coarseness.map((line, index) => (
        <div key={index} className="bulle-quiet">
          {line}
        </div>
      ))}
    </li>
  );
}

function rho(speaker: Speaker, decimal: string): string {
  return speaker.number(Number(decimal));
}

function values(speaker: Speaker, all: Scalar[]): string {
  const shown = all.slice(0, MOST_VALUES).map(String).join(', ');
  const left = all.length - MOST_VALUES;
  return left > 0 ? shown + speaker.say('more', { count: left }) : shown;
}
