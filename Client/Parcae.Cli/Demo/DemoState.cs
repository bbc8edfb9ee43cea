using System.Text.Json;
using System.Text.Json.Serialization;

using Parcae.Cli.Chaos;
using Parcae.Cli.Commands;

namespace Parcae.Cli.Demo;

/// <summary>What a demo knows of itself, kept in its folder so that <c>demo --resume</c> can go on when it was stopped, or killed.</summary>
internal sealed record DemoState
{
    /// <summary>Version of the file's form.</summary>
    public const int Current = 1;

    /// <summary>The form that it was written in.</summary>
    public int Form { get; init; } = Current;

    /// <summary>What was asked for; paths are absolute.</summary>
    public required DemoOptions Options { get; init; }

    /// <summary>The job, by the id under which it is, or is about to be, submitted.</summary>
    public required string JobId { get; init; }

    /// <summary>How often the demo was resumed.</summary>
    public int Resumed { get; init; }

    /// <summary>When the job was submitted; null: it was not.</summary>
    public DateTimeOffset? SubmittedAt { get; init; }

    /// <summary>Intervals of the trace that were acted out to their end.</summary>
    public int Intervals { get; init; }

    /// <summary>For how long the demo has run since it submitted the job, seconds; not while it was stopped.</summary>
    public double WallSeconds { get; init; }

    /// <summary>Instances lost after a notice.</summary>
    public int Noticed { get; init; }

    /// <summary>Instances lost without.</summary>
    public int Unannounced { get; init; }

    /// <summary>Faults that were ordered and are over.</summary>
    public FaultRecord[] Faults { get; init; } = [];

    /// <summary>Whether it ran to its end.</summary>
    public bool Ended { get; init; }
}

/// <summary>The file <c>demo.json</c> in a demo's folder. Safe for concurrent use.</summary>
internal sealed class DemoStateFile
{
    private readonly Lock _lock = new();
    private readonly string _file;

    private DemoStateFile(string file, DemoState state) => (_file, State) = (file, state);

    /// <summary>As last written.</summary>
    public DemoState State { get; private set; }

    /// <summary>For a fresh demo; nothing is written yet.</summary>
    public static DemoStateFile Fresh(DemoFolder folder, DemoOptions options) => new(
        folder.State,
        new DemoState
        {
            Options = options with
            {
                Trace = File.Exists(options.Trace) ? Path.GetFullPath(options.Trace) : options.Trace,
                Data = [.. options.Data.Select(Path.GetFullPath)],
            },
            JobId = $"demo-{Guid.NewGuid():N}"[..13],
        });

    /// <summary>Of a demo that was stopped.</summary>
    /// <exception cref="CommandFailedException">There is none, or it cannot go on.</exception>
    public static DemoStateFile Load(string root)
    {
        string file = DemoFolder.StateFile(root);
        if (!File.Exists(file))
            throw new CommandFailedException($"--resume: '{root}' holds no demo that was stopped; it must be the --folder of one ({Path.GetFileName(file)} is missing).");
        DemoState? state;
        try
        {
            state = JsonSerializer.Deserialize(File.ReadAllText(file), DemoStateJson.Default.DemoState);
        }
        catch (JsonException e)
        {
            throw new CommandFailedException($"--resume: '{file}' cannot be read: {e.Message}", e);
        }

        if (state is null || state.Form != DemoState.Current)
            throw new CommandFailedException($"--resume: '{file}' has form {state?.Form ?? 0}; this version of parcae reads form {DemoState.Current}.");
        if (state.Ended) throw new CommandFailedException($"--resume: the demo in '{root}' has run to its end; start another one in a fresh folder.");
        return new DemoStateFile(file, state);
    }

    /// <summary>Changes it. The file is the old one or the new one, whatever happens.</summary>
    public void Change(Func<DemoState, DemoState> change)
    {
        lock (_lock)
        {
            var next = change(State);
            string fresh = _file + ".new";
            File.WriteAllText(fresh, JsonSerializer.Serialize(next, DemoStateJson.Default.DemoState));
            File.Move(fresh, _file, overwrite: true);
            State = next;
        }
    }
}

/// <summary>Serialises the state.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DemoState))]
internal sealed partial class DemoStateJson : JsonSerializerContext;
