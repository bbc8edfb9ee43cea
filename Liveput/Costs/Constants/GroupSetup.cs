namespace Parcae.Liveput.Costs.Constants;

/// <summary>Time to set up the communication groups of a plan.</summary>
public abstract record GroupSetup
{
    /// <summary>Time that every setup takes on top, milliseconds. The default value is 35.</summary>
    public double ExtraMs { get; init; } = 35;

    /// <summary>Milliseconds for a plan of <paramref name="strategy"/>; more when instances join than when they only leave.</summary>
    public double Milliseconds(Strategy strategy, bool joining) => ExtraMs + Groups(strategy, joining);

    /// <summary>What was measured for the models of the Parcae artifact (NSDI '24), told by the model's name; other models are taken as the middle-sized ones there (BERT, ResNet).</summary>
    public static GroupSetup OfModel(string model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return model.StartsWith("gpt-6.7b", StringComparison.OrdinalIgnoreCase) ? new CommunicatorSetup(500, 115.6)
            : model.StartsWith("gpt", StringComparison.OrdinalIgnoreCase) ? new CommunicatorSetup(500, 39.3)
            : model.StartsWith("vgg", StringComparison.OrdinalIgnoreCase) ? new InstanceSetup(440, 340)
            : new PipelineSetup([(12, 2000), (6, 1500), (0, 1000)], 1.5);
    }

    private protected abstract double Groups(Strategy strategy, bool joining);
}

/// <summary>So much for each communicator: one a pipeline, one a stage, one for all, one an instance.</summary>
/// <param name="JoinMs">Each, when instances join.</param>
/// <param name="LeaveMs">Each, when they only leave.</param>
public sealed record CommunicatorSetup(double JoinMs, double LeaveMs) : GroupSetup
{
    private protected override double Groups(Strategy strategy, bool joining) =>
        (strategy.Pipelines + strategy.Depth + 1 + strategy.Instances) * (joining ? JoinMs : LeaveMs);
}

/// <summary>So much for each instance of the plan.</summary>
/// <param name="JoinMs">Each, when instances join.</param>
/// <param name="LeaveMs">Each, when they only leave.</param>
public sealed record InstanceSetup(double JoinMs, double LeaveMs) : GroupSetup
{
    private protected override double Groups(Strategy strategy, bool joining) => strategy.Instances * (joining ? JoinMs : LeaveMs);
}

/// <summary>In steps, by the number of pipelines.</summary>
/// <param name="Steps">From so many pipelines on, so many milliseconds; descending by pipelines, the last from 0.</param>
/// <param name="JoinFactor">Times this when instances join.</param>
public sealed record PipelineSetup(IReadOnlyList<(int Pipelines, double Ms)> Steps, double JoinFactor) : GroupSetup
{
    private protected override double Groups(Strategy strategy, bool joining)
    {
        foreach (var (pipelines, ms) in Steps)
        {
            if (strategy.Pipelines >= pipelines) return ms * (joining ? JoinFactor : 1);
        }

        return 0;
    }
}
