using Parcae.Grains;
using Parcae.Liveput.Forecasting.Backtesting;

namespace Parcae.Cli.Jobs.Watching;

/// <summary>A job at one moment, for a picture.</summary>
internal sealed record JobView
{
    /// <summary>The job as it is now; null before the first answer.</summary>
    public JobStatus? Status { get; init; }

    /// <summary>Its name for people.</summary>
    public string Name { get; init; } = "";

    /// <summary>Steps that it is to do, or null.</summary>
    public int? Steps { get; init; }

    /// <summary>Time since it was submitted.</summary>
    public TimeSpan Age { get; init; }

    /// <summary>Loss of the last committed steps.</summary>
    public IReadOnlyList<double> Losses { get; init; } = [];

    /// <summary>Samples per second, a look a second.</summary>
    public IReadOnlyList<double> Throughput { get; init; } = [];

    /// <summary>Instances by interval with what had been forecast; those to come have no count, see <see cref="AvailabilityBands.NotYet"/>.</summary>
    public IReadOnlyList<ForecastBands> Availability { get; init; } = [];

    /// <summary>Instances with a notice.</summary>
    public IReadOnlySet<string> Draining { get; init; } = new HashSet<string>();

    /// <summary>Everything that was seen to happen, oldest first.</summary>
    public IReadOnlyList<JobEvent> Events { get; init; } = [];

    /// <summary>Why the service does not answer, or null: it does.</summary>
    public string? Interruption { get; init; }
}
