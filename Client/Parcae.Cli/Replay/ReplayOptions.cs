using Parcae.Cli.Replay.Fleet;
using Parcae.Grains;

namespace Parcae.Cli.Replay;

/// <summary>Everything that <c>parcae replay</c> can be told, besides which service is meant.</summary>
internal sealed record ReplayOptions
{
    /// <summary>The trace as typed; null: the plan file's.</summary>
    public string? Trace { get; init; }

    /// <summary>First minute of the part that is replayed; null: from the beginning.</summary>
    public int? From { get; init; }

    /// <summary>Minute at which it ends; null: the end.</summary>
    public int? To { get; init; }

    /// <summary>A plan file to follow; null: the job plans.</summary>
    public string? Plan { get; init; }

    /// <summary>Which of the file's policies; null: the only one.</summary>
    public string? Policy { get; init; }

    /// <summary>What to do where the trace has more instances than the fleet.</summary>
    public FleetFitting Fit { get; init; } = FleetFitting.Scale;

    /// <summary>What a minute of the trace takes.</summary>
    public TimeSpan Minute { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>From a notice to the loss; null: one interval of the trace.</summary>
    public TimeSpan? Grace { get; init; }

    /// <summary>Share of losses without notice.</summary>
    public double Unannounced { get; init; } = 0.2;

    /// <summary>Fixes every draw.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The fleet.</summary>
    public string Fleet { get; init; } = ParcaeNames.DefaultFleet;

    /// <summary>The job that is looked at; null: the only one that has not ended.</summary>
    public string? Job { get; init; }

    /// <summary>Where the report goes.</summary>
    public string Report { get; init; } = "parcae-replay.html";

    /// <summary>Whether the result is wanted as JSON.</summary>
    public bool Json { get; init; }
}
