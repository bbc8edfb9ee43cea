using System.CommandLine;

using Parcae.Cli.Commands;
using Parcae.Grains;
using Parcae.Grains.Profiling;
using Parcae.Liveput.Profiles;

namespace Parcae.Cli.Profiling;

/// <summary>What <c>parcae profile</c> can be told. What is left out is as a spec file has it, else as a job's own defaults.</summary>
internal sealed class ProfileOptions
{
    private const int MostMeasured = 512;

    private readonly Option<string> _model = new("--model")
    {
        Description = $"The model: {string.Join(", ", ModelPresets.Names)}, a JSON file with a model's or a whole job's spec, or a job's document in YAML.",
        HelpName = "NAME|FILE",
        Required = true,
    };

    private readonly Option<string[]> _data = new("--data")
    {
        Description = "Text files or folders to train on. Default: the API documentation of the .NET SDK; made-up images for models that take images.",
        HelpName = "PATH",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<int?> _batch = Values.OptionalInt("--batch", "Samples of a step. Default: 16.", 1, 1_000_000);
    private readonly Option<int?> _microBatches = Values.OptionalInt("--micro-batches", "Micro-batches of a step. Default: 8.", 1, 1_000_000);
    private readonly Option<string?> _precision = new("--precision") { Description = $"One of {string.Join(", ", TrainingSpec.Precisions)}. Default: float32.", HelpName = "NAME" };
    private readonly Option<bool> _recompute = new("--recompute") { Description = "Compute activations again in the backward pass instead of keeping them." };
    private readonly Option<string?> _optimizer = new("--optimizer") { Description = $"One of {string.Join(", ", TrainingSpec.Optimizers)}. Default: adamw.", HelpName = "NAME" };
    private readonly Option<int> _threads = Values.Int("--threads", "Torch threads of a worker; so many cores a worker takes.", 1, 1, 1024);
    private readonly Option<int> _maxPipelines = Values.Int("--max-pipelines", "The most pipelines of a strategy in the profile; never more than micro-batches.", 32, 1, MostMeasured);
    private readonly Option<int> _maxDepth = Values.Int("--max-depth", "The greatest depth of a strategy in the profile; never more than layers.", 32, 1, MostMeasured);
    private readonly Option<string?> _memory = new("--memory") { Description = "Memory of an instance in bytes, or like 512MB, 16GB; strategies that need more are left out. Default: this machine's.", HelpName = "BYTES" };
    private readonly Option<TimeSpan?> _budget = Values.Seconds("--step-budget", "Time for the training steps of all strategies together; those that would take longer are computed. Default: 60.", TimeSpan.Zero, TimeSpan.FromHours(24));

    /// <summary>Where the profile goes.</summary>
    public Option<string?> Out { get; } = new("--out") { Description = "The file to write. Default: MODEL.profile.json; with --json, none.", HelpName = "FILE" };

    /// <summary>Whether the profile is wanted on standard output.</summary>
    public Option<bool> Json { get; } = new("--json") { Description = "Print the profile as one JSON document on standard output and nothing else." };

    /// <summary>The silo's program.</summary>
    public Option<string?> Silo { get; } = new("--silo") { Description = "Path of Parcae.Silo.dll. Default: found by itself.", HelpName = "FILE" };

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_model, _data, _batch, _microBatches, _precision, _recompute, _optimizer, _threads, _maxPipelines, _maxDepth, _memory, _budget, Out, Json, Silo])
            command.Options.Add(option);
    }

    /// <summary>What is to be measured, and the model's name.</summary>
    /// <exception cref="UsageException">It makes no valid job; all problems are named.</exception>
    public (ProfileRequest Request, string Name) Request(ParseResult parsed)
    {
        var (spec, name) = ModelSource.Load(parsed.GetValue(_model)!);
        var paths = parsed.GetValue(_data) ?? [];
        var data = paths.Length > 0 ? spec.Data with { Paths = [.. paths.Select(Path.GetFullPath)] }
            : !spec.Model.TakesTokens && spec.Data.Kind == "text" ? spec.Data with { Kind = "synthetic" } : spec.Data;
        var training = spec.Training with
        {
            GlobalBatch = parsed.GetValue(_batch) ?? spec.Training.GlobalBatch,
            MicroBatches = parsed.GetValue(_microBatches) ?? spec.Training.MicroBatches,
            Precision = parsed.GetValue(_precision) ?? spec.Training.Precision,
            Recompute = parsed.GetValue(_recompute) || spec.Training.Recompute,
            Optimizer = parsed.GetValue(_optimizer) ?? spec.Training.Optimizer,
        };
        long memory = parsed.GetValue(_memory) is { } text
            ? ParseBytes(text) ?? throw new UsageException($"--memory: '{text}' is not valid; it must be bytes above 0, like 2000000000, 512MB or 16GB.")
            : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        spec = spec with { Data = data, Training = training, Planning = spec.Planning with { MemoryBytes = memory, LayerTimes = "measured" } };
        if (JobSpecValidation.Problems(spec) is { Count: > 0 } problems) throw new UsageException(string.Join(Environment.NewLine, problems));
        int pipelines = parsed.GetValue(_maxPipelines), depth = parsed.GetValue(_maxDepth);
        return (new ProfileRequest
        {
            Spec = spec,
            Threads = parsed.GetValue(_threads),
            MaxPipelines = pipelines,
            MaxDepth = depth,
            StepBudgetSeconds = parsed.GetValue(_budget)?.TotalSeconds ?? 60,
        }, name);
    }

    /// <summary>A number of bytes, with a decimal unit or without; null when it is none.</summary>
    internal static long? ParseBytes(string text)
    {
        string[] units = ["KB", "MB", "GB", "TB"];
        string number = text.Trim();
        int unit = Array.FindIndex(units, u => number.EndsWith(u, StringComparison.OrdinalIgnoreCase));
        if (unit >= 0) number = number[..^2].TrimEnd();
        if (!double.TryParse(number, System.Globalization.NumberStyles.AllowDecimalPoint, System.Globalization.CultureInfo.InvariantCulture, out double value)) return null;
        double bytes = value * Math.Pow(1000, unit + 1);
        return bytes >= 1 && bytes <= ProfileLimits.MaxBytes ? (long)bytes : null;
    }
}
