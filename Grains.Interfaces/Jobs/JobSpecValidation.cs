namespace Parcae.Grains;

/// <summary>Says what is wrong with a <see cref="JobSpec"/>, field by field.</summary>
public static class JobSpecValidation
{
    /// <summary>Every problem as <c>path: what is wrong, the value, what would be right</c>; empty when the spec is good.</summary>
    public static IReadOnlyList<string> Problems(JobSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var problems = new List<string>();
        void Check(bool good, string path, object? value, string right)
        {
            if (!good) problems.Add($"{path}: {value ?? "null"} is not valid; it must be {right}.");
        }

        var (m, t, p) = (spec.Model, spec.Training, spec.Planning);
        Check(!string.IsNullOrWhiteSpace(spec.Name), "name", spec.Name, "a non-empty text");
        Check(m.Blocks is >= 1 and <= 1000, "model.blocks", m.Blocks, "from 1 to 1000");
        Check(m.Hidden is >= 8 and <= 65536, "model.hidden", m.Hidden, "from 8 to 65536");
        Check(m.Heads >= 1 && m.Hidden % Math.Max(1, m.Heads) == 0, "model.heads", m.Heads, $"a divisor of model.hidden ({m.Hidden})");
        Check(m.SequenceLength is >= 2 and <= 65536, "model.sequenceLength", m.SequenceLength, "from 2 to 65536");
        Check(m.Vocabulary >= 256, "model.vocabulary", m.Vocabulary, "at least 256 (bytes)");
        Check(m.Dropout is >= 0 and < 1, "model.dropout", m.Dropout, "in [0, 1)");
        Check(t.Steps is null or >= 1, "training.steps", t.Steps, "at least 1, or left out");
        Check(t.MicroBatches is >= 1 and <= 4096, "training.microBatches", t.MicroBatches, "from 1 to 4096");
        Check(t.GlobalBatch >= 1 && t.GlobalBatch % Math.Max(1, t.MicroBatches) == 0, "training.globalBatch", t.GlobalBatch,
            $"a multiple of training.microBatches ({t.MicroBatches})");
        Check(t.LearningRate is > 0 and < 10, "training.learningRate", t.LearningRate, "in (0, 10)");
        Check(t.WarmupSteps >= 0, "training.warmupSteps", t.WarmupSteps, "at least 0");
        Check(t.WeightDecay is >= 0 and < 1, "training.weightDecay", t.WeightDecay, "in [0, 1)");
        Check(t.Beta1 is >= 0 and < 1, "training.beta1", t.Beta1, "in [0, 1)");
        Check(t.Beta2 is >= 0 and < 1, "training.beta2", t.Beta2, "in [0, 1)");
        Check(t.Epsilon > 0, "training.epsilon", t.Epsilon, "above 0");
        Check(t.ClipNorm > 0, "training.clipNorm", t.ClipNorm, "above 0");
        Check(t.CheckpointEvery >= 1, "training.checkpointEvery", t.CheckpointEvery, "at least 1");
        Check(p.MemoryBytes > 0, "planning.memoryBytes", p.MemoryBytes, "above 0");
        Check(p.FlopsPerSecond > 0, "planning.flopsPerSecond", p.FlopsPerSecond, "above 0");
        Check(p.LinkBytesPerSecond > 0, "planning.linkBytesPerSecond", p.LinkBytesPerSecond, "above 0");
        Check(p.LookAhead is >= 1 and <= 120, "planning.lookAhead", p.LookAhead, "from 1 to 120");
        Check(p.MaxInstances is null or >= 1, "planning.maxInstances", p.MaxInstances, "at least 1, or left out");
        Check(PlanningSpec.Forecasters.Contains(p.Forecast), "planning.forecast", p.Forecast, $"one of {string.Join(", ", PlanningSpec.Forecasters)}");
        return problems;
    }
}
