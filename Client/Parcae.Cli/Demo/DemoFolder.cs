using Parcae.Cli.Commands;

namespace Parcae.Cli.Demo;

/// <summary>The demo's working folder: the store's data, checkpoints, the token cache, logs.</summary>
internal sealed class DemoFolder
{
    private DemoFolder(string root, bool temporary)
    {
        (Root, IsTemporary) = (root, temporary);
        foreach (string folder in (string[])[Store, Checkpoints, Tokens, Logs]) _ = Directory.CreateDirectory(folder);
    }

    /// <summary>The folder.</summary>
    public string Root { get; }

    /// <summary>Whether it was made for this run.</summary>
    public bool IsTemporary { get; }

    /// <summary>The store's data.</summary>
    public string Store => Path.Combine(Root, "store");

    /// <summary>The vault's checkpoints.</summary>
    public string Checkpoints => Path.Combine(Root, "checkpoints");

    /// <summary>Tokens of the training text, shared by the workers.</summary>
    public string Tokens => Path.Combine(Root, "tokens");

    /// <summary>What the processes print.</summary>
    public string Logs => Path.Combine(Root, "logs");

    /// <summary>What the demo knows of itself.</summary>
    public string State => StateFile(Root);

    /// <summary>The file of <see cref="State"/> in a folder.</summary>
    public static string StateFile(string root) => Path.Combine(root, "demo.json");

    /// <summary>Log file of a process.</summary>
    public string Log(string id) => Path.Combine(Logs, id + ".log");

    /// <summary>Makes the folder that was asked for, or a temporary one.</summary>
    /// <exception cref="CommandFailedException">It cannot be made, or holds another run.</exception>
    public static DemoFolder Create(string? asked)
    {
        try
        {
            if (asked is null) return new DemoFolder(Directory.CreateTempSubdirectory("parcae-demo-").FullName, temporary: true);
            string root = Path.GetFullPath(asked);
            if (Directory.Exists(Path.Combine(root, "store")) && Directory.EnumerateFileSystemEntries(Path.Combine(root, "store")).Any())
                throw new CommandFailedException($"--folder: '{root}' holds another run; go on with it by --resume '{asked}', name a fresh folder, or empty it.");
            return new DemoFolder(root, temporary: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"The working folder cannot be made: {e.Message}", e);
        }
    }

    /// <summary>The folder of a demo that was stopped.</summary>
    /// <exception cref="CommandFailedException">There is none.</exception>
    public static DemoFolder Open(string root)
    {
        if (!Directory.Exists(root)) throw new CommandFailedException($"--resume: the folder '{root}' does not exist; it must be the --folder of a demo that was stopped.");
        return new DemoFolder(Path.GetFullPath(root), temporary: false);
    }

    /// <summary>Removes it with all that is in it.</summary>
    public void Remove()
    {
        if (Directory.Exists(Root)) Directory.Delete(Root, recursive: true);
    }
}
