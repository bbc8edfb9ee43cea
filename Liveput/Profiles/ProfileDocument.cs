using Parcae.Liveput.Costs.Constants;

namespace Parcae.Liveput.Profiles;

/// <summary>A profile as it stands in its file, member by member (docs/profile.schema.json); null is not stated.</summary>
/// <remarks>What <see cref="ProfileFile.ReadDocument"/> gives is sound. One that is made by hand is checked when it is written.</remarks>
public sealed record ProfileDocument
{
    /// <summary>Name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>Where the figures come from.</summary>
    public string? Source { get; init; }

    /// <summary>Samples of a step.</summary>
    public required int GlobalBatch { get; init; }

    /// <summary>Samples of a micro-batch when it was measured.</summary>
    public int? MicroBatch { get; init; }

    /// <summary>What it was measured on.</summary>
    public string? InstanceType { get; init; }

    /// <summary>Name of the optimizer.</summary>
    public string? Optimizer { get; init; }

    /// <summary>Values that the optimizer keeps for a parameter. The default value is 2 (Adam's moments).</summary>
    public int OptimizerStatesPerParameter { get; init; } = 2;

    /// <summary>Bytes of a parameter and of each of its optimizer states. The default value is 4 (float32).</summary>
    public int BytesPerValue { get; init; } = 4;

    /// <summary>The depths to plan with. The default is every measured one.</summary>
    public ProfileDepths? PipelineDepth { get; init; }

    /// <summary>Numbers of pipelines not to plan with. The default is none.</summary>
    public IReadOnlyList<int> ExcludedPipelines { get; init; } = [];

    /// <summary>Tokens of a sample.</summary>
    public int? SequenceLength { get; init; }

    /// <summary>Width of the model.</summary>
    public int? HiddenSize { get; init; }

    /// <summary>Number of tokens.</summary>
    public int? Vocabulary { get; init; }

    /// <summary>Bandwidth between two instances, bytes per second.</summary>
    public double? LinkBytesPerSecond { get; init; }

    /// <summary>Prices of an instance.</summary>
    public InstancePrices? Prices { get; init; }

    /// <summary>Building a stage of the model, milliseconds by depth; holds every measured depth. With it the profile carries the constants of reconfiguration.</summary>
    public IReadOnlyDictionary<int, double>? ModelBuildMs { get; init; }

    /// <summary>On top when instances join, milliseconds. The default value is 0.</summary>
    public double RestartExtraMs { get; init; }

    /// <summary>Start of a worker process, milliseconds. The default value is 0.</summary>
    public double ProcessStartMs { get; init; }

    /// <summary>Instances that join find each other, milliseconds. The default value is 6600.</summary>
    public double RendezvousMs { get; init; } = 6600;

    /// <summary>Writing a checkpoint, milliseconds. The default value is 14000.</summary>
    public double CheckpointMs { get; init; } = 14_000;

    /// <summary>Setup of communication groups. The default is that of <see cref="GroupSetup.OfModel"/>.</summary>
    public GroupSetup? Groups { get; init; }

    /// <summary>Point-to-point transfers, milliseconds by bytes. The default follows from <see cref="LinkBytesPerSecond"/>, or is <see cref="TransferTable.TenGigabit"/>.</summary>
    public IReadOnlyDictionary<long, double>? TransferMs { get; init; }

    /// <summary>The layers in order.</summary>
    public required IReadOnlyList<ProfileLayer> Layers { get; init; }

    /// <summary>The measured strategies, each once.</summary>
    public required IReadOnlyList<ProfileMeasurement> Measured { get; init; }

    /// <summary>Whether the depths and pipelines to plan with leave a strategy in.</summary>
    internal bool Plans(ProfileMeasurement measured) =>
        !ExcludedPipelines.Contains(measured.Pipelines)
        && (PipelineDepth is not { } depths || (measured.Depth >= depths.Min && measured.Depth <= depths.Max && !depths.Excluded.Contains(measured.Depth)));

    /// <summary>What the planner makes of it; only of a sound document.</summary>
    internal PlanningProfile ToProfile() => PlanningProfile.FromTable(
        Model,
        // The time of a layer on the measured accelerator is what an accelerator of 1 FLOP/s would make of as many operations: only the balance between layers counts.
        [.. Layers.Select(l => new LayerCost((long)Math.Round(l.Parameters), (l.ForwardMs + l.BackwardMs) / 3000, 0, 0))],
        GlobalBatch,
        [.. Measured.Where(Plans).Select(m => new MeasuredThroughput(m.Pipelines, m.Depth, m.SamplesPerSecond))],
        LinkBytesPerSecond ?? ProfileFile.DefaultLinkBytesPerSecond,
        new ProfileExtras
        {
            Source = Source,
            StateBytesPerParameter = (1 + OptimizerStatesPerParameter) * BytesPerValue,
            Prices = Prices ?? InstancePrices.Of(InstanceType),
            Reconfiguration = ModelBuildMs is null ? null : new ReconfigurationConstants
            {
                RendezvousMs = RendezvousMs,
                RestartExtraMs = RestartExtraMs,
                ProcessStartMs = ProcessStartMs,
                CheckpointMs = CheckpointMs,
                ModelBuildMs = ModelBuildMs,
                Groups = Groups ?? GroupSetup.OfModel(Model),
                Transfers = TransferMs is { } transfers ? new TransferTable([.. transfers.OrderBy(t => t.Key).Select(t => ((double)t.Key, t.Value))])
                    : LinkBytesPerSecond is { } bandwidth ? TransferTable.OfBandwidth(bandwidth) : TransferTable.TenGigabit,
            },
        });
}

/// <summary>The depths to plan with.</summary>
/// <param name="Min">From here, at least 1.</param>
/// <param name="Max">To here.</param>
/// <param name="Excluded">But not these.</param>
public sealed record ProfileDepths(int Min, int Max, IReadOnlyList<int> Excluded);

/// <summary>A layer of a model as it was measured.</summary>
/// <param name="Parameters">Trainable values; a mean of several layers need not be whole.</param>
/// <param name="ForwardMs">Forward pass of a micro-batch, milliseconds.</param>
/// <param name="BackwardMs">Backward pass of a micro-batch, milliseconds.</param>
/// <param name="OptimizerMs">Update of its parameters, milliseconds.</param>
/// <param name="ActivationMiB">What is kept of a micro-batch until its backward pass, MiB.</param>
public readonly record struct ProfileLayer(double Parameters, double ForwardMs, double BackwardMs = 0, double OptimizerMs = 0, double ActivationMiB = 0);

/// <summary>A strategy as it was measured.</summary>
/// <param name="Pipelines">D.</param>
/// <param name="Depth">P.</param>
/// <param name="SamplesPerSecond">Of the whole job, undisturbed.</param>
/// <param name="StepMs">Time of a step, milliseconds, or null.</param>
public readonly record struct ProfileMeasurement(int Pipelines, int Depth, double SamplesPerSecond, double? StepMs = null);
