/** What people read, in English and French. The keys of both tables are the same, or this does not compile. */
import { ITranslator } from '@jupyterlab/translation';

const ENGLISH = {
  data: 'Project data',
  loading: 'Reading…',
  noData: 'What the extract holds cannot be read: {why}',
  permit: 'Permit',
  until: 'Valid until {day}, end of day (UTC)',
  purpose: 'Purpose',
  budget: 'Privacy budget left',
  budgetOf: '{left} of {rho} (ρ)',
  notKnown: 'Not told yet; it appears within seconds of the opening.',
  requests: 'Release requests',
  noRequests: 'None yet.',
  page: 'Requests and findings',
  mine: 'yours',
  colleague: 'a colleague’s',
  tables: 'Tables',
  rows: '{count} rows',
  perPerson: 'at most {count} rows per person',
  insertSelect: 'Insert SELECT',
  insertRelease: 'Insert release',
  insertColumn: 'Insert {name} at the cursor',
  personKey: 'pseudonym of the person',
  identifying: 'potential identifier',
  sensitive: 'sensitive',
  unit: 'establishment or unit',
  string: 'text',
  integer: 'whole number',
  number: 'number',
  date: 'date',
  boolean: 'true or false',
  values: 'Values: {list}',
  more: ' and {count} more',
  bounds: 'From {low} to {high}',
  breaks: 'Published breaks: {list}',
  noNotebook: 'Open a notebook first: what you choose is written into its active cell.',
  submit: 'Submit for release',
  submitHint: 'Save this notebook and hand it in for release',
  handIn: 'Hand in',
  cancel: 'Cancel',
  nothing: 'This notebook declares no output that may leave. Declare one with bulle.release(…), and run its cell.',
  what: 'The enclave re-runs the notebook and recomputes what it declares. Nothing else of it leaves.',
  title: 'Title, for the output checkers',
  outputs: 'What should leave',
  describe: 'What “{name}” shows (obligatory)',
  files: 'Files that the notebook needs beside it',
  as: 'Hand in as',
  newRequest: 'a new request',
  answer: 'What was changed, for the output checkers (obligatory)',
  submitted: 'Handed in. What becomes of it is told here and in the panel “Project data”.',
  failed: 'Not handed in: {why}',
  unreachable: 'the workspace does not answer ({status}).',
  changed: '{request}: {status}.',
  refusedEntry: 'A submission was refused: {why}',
  closing: 'Closes at {time}: {why}',
  staysOpen: 'The workspace stays open.'
};

export type Words = { readonly [key in keyof typeof ENGLISH]: string };

const FRENCH: Words = {
  data: 'Données du projet',
  loading: 'Lecture…',
  noData: 'Le contenu de l’extraction n’est pas lisible : {why}',
  permit: 'Autorisation',
  until: 'Valable jusqu’au {day} inclus (UTC)',
  purpose: 'Finalité',
  budget: 'Budget de confidentialité restant',
  budgetOf: '{left} sur {rho} (ρ)',
  notKnown: 'Pas encore connu ; cela s’affiche quelques secondes après l’ouverture.',
  requests: 'Demandes de sortie',
  noRequests: 'Aucune pour l’instant.',
  page: 'Demandes et constats',
  mine: 'la vôtre',
  colleague: 'd’un collègue',
  tables: 'Tables',
  rows: '{count} lignes',
  perPerson: 'au plus {count} lignes par personne',
  insertSelect: 'Insérer un SELECT',
  insertRelease: 'Insérer une sortie',
  insertColumn: 'Insérer {name} au curseur',
  personKey: 'pseudonyme de la personne',
  identifying: 'identifiant potentiel',
  sensitive: 'sensible',
  unit: 'établissement ou unité',
  string: 'texte',
  integer: 'nombre entier',
  number: 'nombre',
  date: 'date',
  boolean: 'vrai ou faux',
  values: 'Valeurs : {list}',
  more: ' et {count} autres',
  bounds: 'De {low} à {high}',
  breaks: 'Bornes publiées : {list}',
  noNotebook: 'Ouvrez d’abord un notebook : ce que vous choisissez s’écrit dans sa cellule active.',
  submit: 'Soumettre à la sortie',
  submitHint: 'Enregistrer ce notebook et le soumettre à la sortie',
  handIn: 'Soumettre',
  cancel: 'Annuler',
  nothing: 'Ce notebook ne déclare aucune sortie. Déclarez-en une avec bulle.release(…) et exécutez sa cellule.',
  what: 'L’enclave réexécute le notebook et recalcule ce qu’il déclare. Rien d’autre n’en sort.',
  title: 'Titre, pour les vérificateurs des sorties',
  outputs: 'Ce qui doit sortir',
  describe: 'Ce que montre « {name} » (obligatoire)',
  files: 'Fichiers dont le notebook a besoin à côté de lui',
  as: 'Soumettre comme',
  newRequest: 'nouvelle demande',
  answer: 'Ce qui a changé, pour les vérificateurs des sorties (obligatoire)',
  submitted: 'Soumis. La suite s’affiche ici et dans le panneau « Données du projet ».',
  failed: 'Non soumis : {why}',
  unreachable: 'la bulle ne répond pas ({status}).',
  changed: '{request} : {status}.',
  refusedEntry: 'Une soumission a été refusée : {why}',
  closing: 'Fermeture à {time} : {why}',
  staysOpen: 'La bulle reste ouverte.'
};

export type Language = 'en' | 'fr';

/** What one sentence says in both languages; the server sends these. */
export type Said = { readonly [language in Language]: string };

/** JupyterLab's language where somebody chose one, else the browser's. */
export function languageOf(translator: ITranslator): Language {
  const chosen = translator.languageCode;
  const code = chosen === 'default' || chosen === 'en' ? navigator.language : chosen;
  return code.toLowerCase().startsWith('fr') ? 'fr' : 'en';
}

export class Speaker {
  constructor(readonly language: Language) {
    this._words = language === 'fr' ? FRENCH : ENGLISH;
    this._locale = navigator.language.toLowerCase().startsWith(language) ? navigator.language : language;
  }

  say(key: keyof Words, places: Record<string, string | number> = {}): string {
    return this._words[key].replace(/\{(\w+)\}/g, (place, name) => String(places[name] ?? place));
  }

  number(value: number): string {
    return value.toLocaleString(this._locale, { maximumFractionDigits: 9 });
  }

  day(iso: string): string {
    return new Date(`${iso}T00:00:00Z`).toLocaleDateString(this._locale, { dateStyle: 'long', timeZone: 'UTC' });
  }

  moment(iso: string): string {
    return new Date(iso).toLocaleString(this._locale, { dateStyle: 'short', timeStyle: 'short' });
  }

  time(iso: string): string {
    return new Date(iso).toLocaleTimeString(this._locale, { timeStyle: 'short' });
  }

  private readonly _words: Words;
  private readonly _locale: string;
}
