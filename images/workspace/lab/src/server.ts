/** What this page asks of its own workspace's server: three readings and one act. It asks nobody else. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { Said } from './words';

export type Scalar = string | number | boolean;

export interface Column {
  type: 'string' | 'integer' | 'number' | 'date' | 'boolean';
  description: string;
  categories: Scalar[] | null;
  bounds: [Scalar, Scalar] | null;
  breaks: Scalar[] | null;
  identifying: boolean;
  sensitive: boolean;
  unit: boolean;
}

export interface Table {
  description: string | null;
  row_key: string | null;
  rows_per_person: number | null;
  columns: Record<string, Column>;
}

/** The part of an extract's manifest (policies/schemas/manifest.schema.json) that is shown. */
export interface Manifest {
  catalogue: { source: { person_key: string; description: string | null }; tables: Record<string, Table> };
  tables: Record<string, { rows: number; persons: number | null }>;
}

export interface Request {
  id: string;
  title: string;
  entry: string;
  mine: boolean;
  status: string;
  said: Said;
  /** Whose turn it is: an `author` answers with another turn of the same request. */
  owner: string;
  at: string;
  reasons: Said[];
}

/** What the enclave tells this workspace (egress/notices). */
export interface Notices {
  project: string;
  permit: { title: string; statement: string; purpose: Said; valid_until: string } | null;
  budget: { rho: string; left: string } | null;
  closing: { at: string; why: Said } | null;
  requests: Request[];
  refused: { entry: string; at: string; why: Said }[];
}

export interface Output {
  name: string;
  title: string;
}

export interface Submission {
  notebook: string;
  title: string;
  descriptions: Record<string, string>;
  files: string[];
  /** The request of which this is another turn, with what was changed; a new request without it. */
  again?: { request: string; answer: string };
}

/** The server said no; the message is its sentence, empty where it had none. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly status: number
  ) {
    super(message);
  }
}

export class Server {
  constructor(
    private readonly _settings: ServerConnection.ISettings,
    private readonly _language: string
  ) {}

  manifest(): Promise<Manifest> {
    return this._ask('data');
  }

  notices(): Promise<Notices | null> {
    return this._ask('notices');
  }

  async outputs(notebook: string): Promise<Output[]> {
    const found = await this._ask<{ outputs: Output[] }>(`outputs?notebook=${encodeURIComponent(notebook)}`);
    return found.outputs;
  }

  async submit(submission: Submission): Promise<string> {
    const done = await this._ask<{ entry: string }>('submit', { method: 'POST', body: JSON.stringify(submission) });
    return done.entry;
  }

  private async _ask<T>(path: string, init: RequestInit = {}): Promise<T> {
    const url = URLExt.join(this._settings.baseUrl, 'bulle', path);
    const headers = { 'Accept-Language': this._language };
    const answer = await ServerConnection.makeRequest(url, { ...init, headers }, this._settings);
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) {
      throw new Refused(typeof body.message === 'string' ? body.message : '', answer.status);
    }
    return body as T;
  }
}
