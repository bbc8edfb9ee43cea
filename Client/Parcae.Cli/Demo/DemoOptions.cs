using Parcae.Grains;

namespace Parcae.Cli.Demo;

/// <summary>Everything that <c>parcae demo</c> can be told.</summary>
internal sealed record DemoOptions
{
    /// <summary>Greatest number of instances: the trace is scaled to it.</summary>
    public int Instances { get; init; } = 6;

    /// <summary>Length of one interval of the trace.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A built-in trace's name, or a file.</summary>
    public string Trace { get; init; } = "LADP";

    /// <summary>Share of losses without notice.</summary>
    public double Unannounced { get; init; } = 0.2;

    /// <summary>Faults besides the losses of the trace.</summary>
    public int Chaos { get; init; }

    /// <summary>Fixes every draw, and the training.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Text files or folders; empty: the SDK's API documentation.</summary>
    public string[] Data { get; init; } = [];

    /// <summary>The model.</summary>
    public ModelSpec Model { get; init; } = new();

    /// <summary>Samples of a step.</summary>
    public int Batch { get; init; } = 16;

    /// <summary>Micro-batches of a step.</summary>
    public int MicroBatches { get; init; } = 8;

    /// <summary>Steps to train; null: until the trace ends.</summary>
    public int? Steps { get; init; }

    /// <summary>Whether to run the same job undisturbed afterwards, and compare.</summary>
    public bool Verify { get; init; }

    /// <summary>Whether to print the result as JSON.</summary>
    public bool Json { get; init; }

    /// <summary>Working folder; null: a temporary one.</summary>
    public string? Folder { get; init; }

    /// <summary>Folder of a demo that was stopped and is to go on; null: a new demo.</summary>
    public string? Resume { get; init; }

    /// <summary>Where the report goes.</summary>
    public string Report { get; init; } = "parcae-report.html";

    /// <summary>Port of the store; null: any free one.</summary>
    public int? RedisPort { get; init; }

    /// <summary>Whether to keep the working folder.</summary>
    public bool Keep { get; init; }

    /// <summary>Path of <c>Parcae.Silo.dll</c>; null: found by itself.</summary>
    public string? Silo { get; init; }

    /// <summary>The options of a demo that was stopped, as it goes on: what it trains and the trace are its own, how its end is told is asked for anew.</summary>
    public DemoOptions GoingOnWith(DemoOptions stopped) => stopped with
    {
        Resume = Resume,
        Verify = Verify || stopped.Verify,
        Json = Json,
        Report = Report,
        RedisPort = RedisPort,
        Silo = Silo,
        Keep = Keep,
    };
}
