/** Everything one can do in the workbench, for the palette, the keys and the menus. */
import { changeSettings, settings } from '#lib/editor/settings.svelte.ts';
import { theme } from '#lib/theme.svelte.ts';
import type { Bench, DialogName } from '#lib/workbench/bench.svelte.ts';
import { cycleRegions, focusNamed } from '#lib/workbench/keys.ts';

export interface Command {
  id: string;
  label: string;
  keys?: string;
  /** Other keys for the same. */
  alsoKeys?: string;
  /** Under which heading the sheet of shortcuts has it. */
  group: 'Run' | 'Files' | 'Editor' | 'View' | 'Project';
  /** Keys that CodeMirror binds itself; they are listed only. */
  isEditorOwn?: boolean;
  isOffered?: boolean;
  run: () => unknown;
}

export interface Actions {
  newFile(): void;
  newFolder(): void;
  upload(): void;
  download(): void;
}

export function listCommands(bench: Bench, actions: Actions): Command[] {
  return [
    ...runCommands(bench),
    ...fileCommands(bench, actions),
    ...editorCommands(bench),
    ...viewCommands(bench),
    ...projectCommands(bench, actions),
  ].filter((command) => command.isOffered !== false);
}

function runCommands(bench: Bench): Command[] {
  return [
    {
      id: 'run',
      label: `Run ${bench.entry}`,
      keys: 'Mod+Enter',
      group: 'Run',
      run: () => bench.start(),
    },
    { id: 'stop', label: 'Stop the program', keys: 'Mod+.', group: 'Run', run: () => bench.stop() },
    {
      id: 'input',
      label: 'Arguments, input and tests',
      group: 'Run',
      run: () => bench.layout.showSide('input'),
    },
    {
      id: 'history',
      label: 'Earlier runs',
      group: 'Run',
      run: () => bench.layout.showSide('history'),
    },
    {
      id: 'runtime',
      label: 'Choose the runtime',
      group: 'Run',
      run: () => (bench.dialog = 'runtime'),
    },
  ];
}

function fileCommands(bench: Bench, actions: Actions): Command[] {
  return [
    {
      id: 'open',
      label: 'Open a file by its name',
      keys: 'Mod+P',
      group: 'Files',
      run: () => (bench.dialog = 'open'),
    },
    { id: 'new-file', label: 'New file', group: 'Files', run: actions.newFile },
    { id: 'new-folder', label: 'New folder', group: 'Files', run: actions.newFolder },
    { id: 'upload', label: 'Upload files', group: 'Files', run: actions.upload },
    {
      id: 'close-tab',
      label: 'Close the tab',
      group: 'Files',
      isOffered: bench.active !== null,
      run: () => bench.active && bench.closeTab(bench.active),
    },
    {
      id: 'entry',
      label: `Run ${bench.active?.path ?? 'this file'} from now on`,
      group: 'Files',
      isOffered: bench.active !== null && bench.active.path !== bench.entry,
      run: () => bench.active && bench.workspace.change({ entry: bench.active.path }),
    },
  ];
}

function editorCommands(bench: Bench): Command[] {
  const own = (id: string, label: string, keys: string): Command => ({
    id,
    label,
    keys,
    group: 'Editor',
    isEditorOwn: true,
    run: () => bench.editor?.focus(),
  });
  return [
    {
      id: 'reindent',
      label: bench.active?.path.endsWith('.json')
        ? 'Format JSON'
        : 'Reindent the file or selection',
      keys: 'Mod+Shift+F',
      alsoKeys: 'Shift+Alt+F',
      group: 'Editor',
      run: () => bench.reindent(),
    },
    own('find', 'Find and replace', 'Mod+F'),
    own('comment', 'Comment or uncomment', 'Mod+/'),
    own('next', 'Select the next occurrence', 'Mod+D'),
    own('cursor', 'Add a cursor above or below', 'Mod+Alt+↑'),
    own('fold', 'Fold code', 'Mod+Shift+['),
    own('complete', 'Suggest words', 'Ctrl+Space'),
    own('tab', 'Let the Tab key leave the editor, or indent', 'Ctrl+M'),
    {
      id: 'wrap',
      label: settings.wrap ? 'Do not wrap lines' : 'Wrap lines',
      group: 'Editor',
      run: () => changeSettings({ wrap: !settings.wrap }),
    },
    {
      id: 'vim',
      label: settings.keys === 'vim' ? 'Use standard keys' : 'Use vim keys',
      group: 'Editor',
      run: () => changeSettings({ keys: settings.keys === 'vim' ? 'standard' : 'vim' }),
    },
    {
      id: 'settings',
      label: 'Editor settings',
      group: 'Editor',
      run: () => (bench.dialog = 'settings'),
    },
  ];
}

function viewCommands(bench: Bench): Command[] {
  const { layout } = bench;
  return [
    {
      id: 'palette',
      label: 'Find a command',
      keys: 'Mod+K',
      group: 'View',
      run: () => (bench.dialog = 'palette'),
    },
    {
      id: 'shortcuts',
      label: 'Show keyboard shortcuts',
      keys: '?',
      group: 'View',
      run: () => (bench.dialog = 'shortcuts'),
    },
    {
      id: 'files',
      label: layout.kept.isTreeOpen ? 'Hide the files' : 'Show the files',
      keys: 'Mod+B',
      group: 'View',
      run: () => toggleFiles(bench),
    },
    {
      id: 'side',
      label: layout.kept.isSideOpen ? 'Hide the output' : 'Show the output',
      keys: 'Mod+J',
      group: 'View',
      run: () => toggleSide(bench),
    },
    {
      id: 'focus-files',
      label: 'Go to the files',
      keys: 'Mod+Alt+1',
      group: 'View',
      run: () => focusNamed('files'),
    },
    {
      id: 'focus-editor',
      label: 'Go to the editor',
      keys: 'Mod+Alt+2',
      group: 'View',
      run: () => bench.editor?.focus(),
    },
    {
      id: 'focus-output',
      label: 'Go to the output',
      keys: 'Mod+Alt+3',
      group: 'View',
      run: () => focusNamed('side'),
    },
    {
      id: 'next-region',
      label: 'Go to the next region',
      keys: 'F6',
      group: 'View',
      run: () => cycleRegions(1),
    },
    {
      id: 'former-region',
      label: 'Go to the previous region',
      keys: 'Shift+F6',
      group: 'View',
      run: () => cycleRegions(-1),
    },
    {
      id: 'side-place',
      label: layout.isRight ? 'Put the output below the code' : 'Put the output beside the code',
      group: 'View',
      run: () => layout.change({ side: layout.isRight ? 'below' : 'right', isSideOpen: true }),
    },
    {
      id: 'theme',
      label: theme.isDark ? 'Use the light theme' : 'Use the dark theme',
      group: 'View',
      run: () => theme.choose(theme.isDark ? 'light' : 'dark'),
    },
  ];
}

function projectCommands(bench: Bench, actions: Actions): Command[] {
  const isProject = bench.project !== null;
  const opening = (id: DialogName, label: string): Command => ({
    id,
    label,
    group: 'Project',
    isOffered: isProject,
    run: () => (bench.dialog = id),
  });
  return [
    {
      id: 'save',
      label: isProject ? 'Save now' : 'Save as a project',
      keys: 'Mod+S',
      group: 'Project',
      run: () => bench.save(),
    },
    opening('share', 'Share'),
    opening('revisions', 'Revisions'),
    opening('rename', 'Rename and describe'),
    opening('secrets', 'Secret variables'),
    opening('data', 'Kept data'),
    { id: 'download', label: 'Download as ZIP', group: 'Project', run: actions.download },
    {
      id: 'former',
      label: 'Bring back the former draft',
      group: 'Project',
      isOffered: bench.draft?.hasFormer ?? false,
      run: () => bench.bringBack(),
    },
    {
      id: 'reset',
      label: 'Begin again with the example',
      group: 'Project',
      isOffered: bench.draft !== null,
      run: () => (bench.dialog = 'reset'),
    },
  ];
}

export function toggleFiles({ layout }: Bench): void {
  if (layout.isPhone) {
    layout.segment = 'code';
    layout.isDrawerOpen = !layout.isDrawerOpen;
  } else layout.change({ isTreeOpen: !layout.kept.isTreeOpen });
}

function toggleSide({ layout }: Bench): void {
  if (layout.isPhone) layout.segment = layout.segment === 'code' ? 'output' : 'code';
  else layout.change({ isSideOpen: !layout.kept.isSideOpen });
}
