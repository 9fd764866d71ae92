/** JupyterLab in a workspace: the project's data, handing in for release, and what became of it. */
import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification, ToolbarButton } from '@jupyterlab/apputils';
import { CodeEditor } from '@jupyterlab/codeeditor';
import { PageConfig, URLExt } from '@jupyterlab/coreutils';
import { INotebookTracker, NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { LabIcon } from '@jupyterlab/ui-components';
import { Follower } from './follow';
import { Choice, Panel } from './panel';
import { Server } from './server';
import { Code, release, select } from './snippets';
import { Submitter } from './submit';
import { languageOf, Speaker } from './words';

const SUBMIT = 'bulle:submit';
const icon = new LabIcon({
  name: 'bulle:data',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><g class="jp-icon3 jp-icon-selectable" ' +
    'fill="#616161"><path d="M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm0 2a8 8 0 1 1 0 16 8 8 0 0 1 0-16z"/>' +
    '<path d="M7.5 8.5h9v2h-9zm0 3.5h9v2h-9zm0 3.5h5v2h-5z"/></g></svg>'
});

const handIn = new LabIcon({
  name: 'bulle:submit',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><g class="jp-icon3 jp-icon-selectable" ' +
    'fill="#616161"><path d="M5 19h14v-6h2v8H3v-8h2zM11 16V6.8L7.4 10.4 6 9l6-6 6 6-1.4 1.4L13 6.8V16z"/></g></svg>'
});

/** The pages of the release service, beside the hub: another page of the same address. */
function requestsPage(): string {
  const hub = PageConfig.getOption('hubPrefix') || '/hub/';
  return URLExt.join(PageConfig.getOption('hubHost') || '/', hub, '..', 'services/egress/');
}

function insert(tracker: INotebookTracker, speaker: Speaker, choice: Choice): void {
  const panel = tracker.currentWidget;
  if (!panel) {
    Notification.info(speaker.say('noNotebook'), { autoClose: 6000 });
    return;
  }
  const { content } = panel;
  if (choice.kind === 'column' && content.activeCell?.model.type === 'code') {
    content.mode = 'edit';
    content.activeCell.editor?.replaceSelection?.(choice.name);
    content.activeCell.editor?.focus();
    return;
  }
  const active = content.activeCell?.model;
  if (active?.type !== 'code' || active.sharedModel.getSource().trim() !== '') {
    NotebookActions.insertBelow(content);
  }
  const code: Code = panel.sessionContext.kernelPreference.language?.toLowerCase() === 'r' ? 'r' : 'python';
  const cell = content.activeCell;
  cell?.model.sharedModel.setSource(textOf(choice, code));
  content.mode = 'edit';
  void cell?.ready.then(() => writeOn(cell.editor)); // a new cell has its editor a moment later
}

function writeOn(editor: CodeEditor.IEditor | null): void {
  const last = (editor?.lineCount ?? 1) - 1;
  editor?.setCursorPosition({ line: last, column: editor.getLine(last)?.length ?? 0 });
  editor?.focus();
}

function textOf(choice: Choice, code: Code): string {
  if (choice.kind === 'column') {
    return choice.name;
  }
  return (choice.kind === 'select' ? select : release)(choice.manifest, choice.table, code);
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: '@bulle/lab:plugin',
  description: 'The project’s data, handing in for release, and what became of it.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ) => {
    const speaker = new Speaker(languageOf(translator ?? nullTranslator));
    const server = new Server(app.serviceManager.serverSettings, speaker.language);
    const follower = new Follower(server, speaker);
    const panel = new Panel(server, follower, speaker, choice => insert(tracker, speaker, choice), requestsPage());
    panel.id = 'bulle-data';
    panel.title.icon = icon;
    panel.title.caption = speaker.say('data');
    panel.node.setAttribute('role', 'region');
    panel.node.setAttribute('aria-label', speaker.say('data'));
    app.shell.add(panel, 'left', { rank: 150 });

    const submitter = new Submitter(server, app.serviceManager.contents, follower, speaker);
    app.commands.addCommand(SUBMIT, {
      label: speaker.say('submit'),
      caption: speaker.say('submitHint'),
      isEnabled: () => tracker.currentWidget !== null,
      execute: () => (tracker.currentWidget ? submitter.submit(tracker.currentWidget) : undefined),
      describedBy: { args: { type: 'object', properties: {} } }
    });
    palette?.addItem({ command: SUBMIT, category: 'Bulle' });
    app.docRegistry.addWidgetExtension('Notebook', {
      createNew: (notebook: NotebookPanel) => {
        const button = new ToolbarButton({
          icon: handIn,
          label: speaker.say('submit'),
          tooltip: speaker.say('submitHint'),
          onClick: () => void submitter.submit(notebook)
        });
        button.addClass('bulle-submit');
        if (!notebook.toolbar.insertAfter('cellType', 'bulle-submit', button)) {
          notebook.toolbar.insertItem(10, 'bulle-submit', button); // somebody arranged the toolbar in another way
        }
        return button;
      }
    });
  }
};

export default plugin;
