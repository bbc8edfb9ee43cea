namespace Parcae.Liveput.Profiles;

/// <summary>The most that a profile may hold: above any real model and cluster, and so little that planning with it takes seconds and megabytes at worst.</summary>
public static class ProfileLimits
{
    /// <summary>Size of a file, bytes.</summary>
    public const int MaxFileBytes = 16 << 20;

    /// <summary>Layers of a model, and so the greatest depth.</summary>
    public const int MaxLayers = 1000;

    /// <summary>The greatest measured depth times the number of layers: cutting the layers takes the square of it.</summary>
    public const int MaxDepthTimesLayers = 20_000;

    /// <summary>Pipelines of a strategy.</summary>
    public const int MaxPipelines = 100_000;

    /// <summary>Measured strategies.</summary>
    public const int MaxMeasured = 100_000;

    /// <summary>Excluded depths or pipelines.</summary>
    public const int MaxExcluded = 1000;

    /// <summary>Sizes of measured transfers.</summary>
    public const int MaxTransfers = 10_000;

    /// <summary>The greatest measured depth times the most measured pipelines: the table of throughputs has as many cells.</summary>
    public const int MaxCells = 1_000_000;

    /// <summary>Samples of a step, and every other whole number without a limit of its own.</summary>
    public const int MaxCount = 1_000_000_000;

    /// <summary>Parameters of a layer.</summary>
    public const double MaxLayerParameters = 1e12;

    /// <summary>Any time, milliseconds.</summary>
    public const double MaxMs = 1e9;

    /// <summary>Any other number without a limit of its own: samples per second, MiB, USD per hour.</summary>
    public const double MaxNumber = 1e12;

    /// <summary>Bytes of a measured transfer, and bytes per second.</summary>
    public const double MaxBytes = 1e15;

    /// <summary>Characters of a text.</summary>
    public const int MaxTextLength = 1000;
}
