namespace Parcae.Grains.Profiling;

/// <summary>What is to be measured of a model on this machine.</summary>
public sealed record ProfileRequest
{
    /// <summary>The job: model, data, batch, optimizer, precision; memory of an instance.</summary>
    public required JobSpec Spec { get; init; }

    /// <summary>Torch threads of a worker. The default value is 1.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Strategies to run with as many workers as the machine has cores for, at most with so many pipelines.</summary>
    public required int MaxPipelines { get; init; }

    /// <summary>And at most so deep.</summary>
    public required int MaxDepth { get; init; }

    /// <summary>Time for the runs of all strategies together, seconds; one that would take more than its share is not run. The default value is 60.</summary>
    public double StepBudgetSeconds { get; init; } = 60;

    /// <summary>Time for the layers, seconds. The default value is 10.</summary>
    public double LayerBudgetSeconds { get; init; } = 10;
}

/// <summary>One line of what the profiling process writes: progress, then the result or why there is none.</summary>
public sealed record ProfileLine
{
    /// <summary>What is being done, for people.</summary>
    public string? Text { get; init; }

    /// <summary>How much is done, from 0 to 1.</summary>
    public double Done { get; init; }

    /// <summary>The result; the last line.</summary>
    public ProfileMeasurements? Result { get; init; }

    /// <summary>Why it failed; the last line.</summary>
    public string? Error { get; init; }
}
