using System.Text.Json.Serialization;

using Parcae.Liveput.Costs.Constants;

namespace Parcae.Liveput.Profiles;

/// <summary>A profile as it stands in its file.</summary>
internal sealed record ProfileDocument
{
    [JsonPropertyName("$schema")] public string? Schema { get; init; }

    [JsonRequired] public string Model { get; init; } = "";

    public string? Source { get; init; }

    [JsonRequired] public int GlobalBatch { get; init; }

    public int? MicroBatch { get; init; }

    public string? InstanceType { get; init; }

    public string? Optimizer { get; init; }

    public int OptimizerStatesPerParameter { get; init; } = 2;

    public int BytesPerValue { get; init; } = 4;

    public DepthRange? PipelineDepth { get; init; }

    public PipelineRange? Pipelines { get; init; }

    public int? SequenceLength { get; init; }

    public int? HiddenSize { get; init; }

    public int? Vocabulary { get; init; }

    public double? LinkBytesPerSecond { get; init; }

    public Price? Prices { get; init; }

    [JsonRequired] public Layer[] Layers { get; init; } = [];

    [JsonRequired] public Measurement[] Measured { get; init; } = [];

    public Dictionary<int, double>? ModelBuildMs { get; init; }

    public double RestartExtraMs { get; init; }

    public double ProcessStartMs { get; init; }

    public double RendezvousMs { get; init; } = 6600;

    public double CheckpointMs { get; init; } = 14_000;

    public GroupDocument? Groups { get; init; }

    /// <summary>Bytes to milliseconds.</summary>
    public Dictionary<long, double>? TransferMs { get; init; }

    internal sealed record DepthRange
    {
        public int Min { get; init; } = 1;

        public int Max { get; init; } = int.MaxValue;

        public int[] Excluded { get; init; } = [];
    }

    internal sealed record PipelineRange
    {
        public int[] Excluded { get; init; } = [];
    }

    internal sealed record Price
    {
        [JsonRequired] public double SpotPerHour { get; init; }

        [JsonRequired] public double OnDemandPerHour { get; init; }
    }

    internal sealed record Layer
    {
        [JsonRequired] public double Parameters { get; init; }

        [JsonRequired] public double ForwardMs { get; init; }

        public double BackwardMs { get; init; }

        public double OptimizerMs { get; init; }

        [JsonPropertyName("activationMiB")] public double ActivationMiB { get; init; }
    }

    internal sealed record Measurement
    {
        [JsonRequired] public int Pipelines { get; init; }

        [JsonRequired] public int Depth { get; init; }

        public double? StepMs { get; init; }

        [JsonRequired] public double SamplesPerSecond { get; init; }
    }

    internal sealed record GroupDocument
    {
        /// <summary><c>communicators</c>, <c>instances</c> or <c>pipelines</c>.</summary>
        [JsonRequired] public string Kind { get; init; } = "";

        public double? JoinMs { get; init; }

        public double? LeaveMs { get; init; }

        public double[][]? Steps { get; init; }

        public double? JoinFactor { get; init; }

        public double ExtraMs { get; init; } = 35;

        public GroupSetup Read()
        {
            GroupSetup setup = Kind switch
            {
                "communicators" => new CommunicatorSetup(Need(JoinMs, "joinMs"), Need(LeaveMs, "leaveMs")) { ExtraMs = ExtraMs },
                "instances" => new InstanceSetup(Need(JoinMs, "joinMs"), Need(LeaveMs, "leaveMs")) { ExtraMs = ExtraMs },
                "pipelines" => new PipelineSetup([.. (Steps ?? []).Select(Step)], Need(JoinFactor, "joinFactor")) { ExtraMs = ExtraMs },
                _ => throw new ArgumentException($"groups.kind is '{Kind}'; it must be communicators, instances or pipelines."),
            };
            setup.Validate();
            return setup;
        }

        private double Need(double? value, string name) => value ?? throw new ArgumentException($"groups of kind {Kind} need {name}.");

        private static (int, double) Step(double[] step) => step is [>= 0 and <= int.MaxValue and var pipelines, var ms] && pipelines == Math.Floor(pipelines)
            ? ((int)pipelines, ms)
            : throw new ArgumentException($"a step of groups is [{string.Join(", ", step)}]; it must be [pipelines, milliseconds].");
    }
}
