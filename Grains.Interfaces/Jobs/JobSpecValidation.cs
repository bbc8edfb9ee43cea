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
        Model(m, Check);
        Data(spec, Check);
        Training(t, Check);
        Check(p.MemoryBytes > 0, "planning.memoryBytes", p.MemoryBytes, "above 0");
        Check(p.FlopsPerSecond > 0, "planning.flopsPerSecond", p.FlopsPerSecond, "above 0");
        Check(p.LinkBytesPerSecond > 0, "planning.linkBytesPerSecond", p.LinkBytesPerSecond, "above 0");
        Check(p.LookAhead is >= 1 and <= 120, "planning.lookAhead", p.LookAhead, "from 1 to 120");
        Check(p.MaxInstances is null or >= 1, "planning.maxInstances", p.MaxInstances, "at least 1, or left out");
        Check(PlanningSpec.Forecasters.Contains(p.Forecast), "planning.forecast", p.Forecast, $"one of {string.Join(", ", PlanningSpec.Forecasters)}");
        Check(PlanningSpec.LayerTimeSources.Contains(p.LayerTimes), "planning.layerTimes", p.LayerTimes, OneOf(PlanningSpec.LayerTimeSources));
        var s = spec.Sharing;
        Check(s.Priority is >= -100 and <= 100, "sharing.priority", s.Priority, "from -100 to 100");
        Check(s.Weight is >= 0.01 and <= 100, "sharing.weight", s.Weight, "from 0.01 to 100");
        Check(s.MinInstances >= 0 && s.MinInstances <= (p.MaxInstances ?? int.MaxValue), "sharing.minInstances", s.MinInstances, "at least 0, and no more than planning.maxInstances");
        return problems;
    }

    private static void Model(ModelSpec m, Action<bool, string, object?, string> check)
    {
        check(ModelSpec.Families.Contains(m.Family), "model.family", m.Family, OneOf(ModelSpec.Families));
        check(m.Blocks is >= 1 and <= 1000, "model.blocks", m.Blocks, "from 1 to 1000");
        check(m.Hidden is >= 8 and <= 65536, "model.hidden", m.Hidden, "from 8 to 65536");
        check(m.Heads >= 1 && m.Hidden % Math.Max(1, m.Heads) == 0, "model.heads", m.Heads, $"a divisor of model.hidden ({m.Hidden})");
        check(m.SequenceLength is >= 2 and <= 65536, "model.sequenceLength", m.SequenceLength, "from 2 to 65536");
        check(m.Vocabulary is >= 2 and <= 1 << 24, "model.vocabulary", m.Vocabulary, "from 2 to 16777216");
        check(m.Dropout is >= 0 and < 1, "model.dropout", m.Dropout, "in [0, 1)");
        check(m.ImageSize is >= 8 and <= 4096, "model.imageSize", m.ImageSize, "from 8 to 4096");
        check(m.Channels is >= 1 and <= 64, "model.channels", m.Channels, "from 1 to 64");
        check(m.Classes is >= 2 and <= 1_000_000, "model.classes", m.Classes, "from 2 to 1000000");
        check(m.Width is >= 1 and <= 4096, "model.width", m.Width, "from 1 to 4096");
        check(m.GroupBlocks.Length == 4 && m.GroupBlocks.All(b => b is >= 1 and <= 1000), "model.groupBlocks", string.Join(", ", m.GroupBlocks), "four numbers from 1 to 1000");
        check(m.Family == "plugin" == m.Assembly is not null, "model.assembly", m.Assembly, "given for the family plugin and for no other");
        check(m.InitialWeights is null || m.Family == "gpt", "model.initialWeights", m.InitialWeights, "left out, or of a gpt");
    }

    private static void Data(JobSpec spec, Action<bool, string, object?, string> check)
    {
        var (d, m, t) = (spec.Data, spec.Model, spec.Training);
        bool images = d.Kind is "cifar10" or "cifar100";
        check(DataSpec.Kinds.Contains(d.Kind), "data.kind", d.Kind, OneOf(DataSpec.Kinds));
        check(d.Kind == "synthetic" || images != m.TakesTokens, "data.kind", d.Kind, m.TakesTokens ? $"text or synthetic for a {m.Family}" : $"cifar10, cifar100 or synthetic for a {m.Family}");
        check(!images || d.Paths.Length > 0, "data.paths", "", "the files of the data set");
        check(!images || (m.ImageSize == 32 && m.Channels == 3), "model.imageSize", $"{m.ImageSize} x {m.Channels} colours", "32 x 3 colours for CIFAR images");
        check(!images || m.Classes >= (d.Kind == "cifar10" ? 10 : 100), "model.classes", m.Classes, $"at least as many as {d.Kind} has");
        check(DataSpec.Tokenizers.Contains(d.Tokenizer), "data.tokenizer", d.Tokenizer, OneOf(DataSpec.Tokenizers));
        check(d.Tokenizer != "bpe" || d.VocabularyFile is not null, "data.vocabularyFile", d.VocabularyFile, "the vocabulary of the bpe tokenizer");
        check(d.Tokenizer != "bpe" || d.MergesFile is not null, "data.mergesFile", d.MergesFile, "the merges of the bpe tokenizer");
        check(d.Kind != "text" || d.Tokenizer != "bytes" || m.Vocabulary >= 256, "model.vocabulary", m.Vocabulary, "at least 256 for bytes");
        check(m.Family != "bert" || m.Vocabulary >= 257, "model.vocabulary", m.Vocabulary, "at least 257 for a bert: its last token is the mask");
        check(d.ValidationFraction is >= 0 and < 1, "data.validationFraction", d.ValidationFraction, "in [0, 1)");
        check(d.SyntheticSamples is >= 1 and <= 1 << 30, "data.syntheticSamples", d.SyntheticSamples, "from 1 to 1073741824");
        check(t.EvaluateEvery == 0 || d.ValidationFraction > 0 || images, "data.validationFraction", d.ValidationFraction, "above 0 where training.evaluateEvery is");
    }

    private static void Training(TrainingSpec t, Action<bool, string, object?, string> check)
    {
        check(t.Steps is null or >= 1, "training.steps", t.Steps, "at least 1, or left out");
        check(t.MicroBatches is >= 1 and <= 4096, "training.microBatches", t.MicroBatches, "from 1 to 4096");
        check(t.GlobalBatch >= 1 && t.GlobalBatch % Math.Max(1, t.MicroBatches) == 0, "training.globalBatch", t.GlobalBatch,
            $"a multiple of training.microBatches ({t.MicroBatches})");
        check(TrainingSpec.Optimizers.Contains(t.Optimizer), "training.optimizer", t.Optimizer, OneOf(TrainingSpec.Optimizers));
        check(t.LearningRate is > 0 and < 10, "training.learningRate", t.LearningRate, "in (0, 10)");
        check(t.WarmupSteps >= 0, "training.warmupSteps", t.WarmupSteps, "at least 0");
        check(t.WeightDecay is >= 0 and < 1, "training.weightDecay", t.WeightDecay, "in [0, 1)");
        check(t.Beta1 is >= 0 and < 1, "training.beta1", t.Beta1, "in [0, 1)");
        check(t.Beta2 is >= 0 and < 1, "training.beta2", t.Beta2, "in [0, 1)");
        check(t.Epsilon > 0, "training.epsilon", t.Epsilon, "above 0");
        check(t.Momentum is >= 0 and < 1, "training.momentum", t.Momentum, "in [0, 1)");
        check(t.ClipNorm > 0, "training.clipNorm", t.ClipNorm, "above 0");
        check(TrainingSpec.Schedules.Contains(t.Schedule), "training.schedule", t.Schedule, OneOf(TrainingSpec.Schedules));
        check(t.Schedule != "cosine" || (t.DecaySteps ?? t.Steps) > t.WarmupSteps, "training.decaySteps", t.DecaySteps ?? t.Steps,
            $"above training.warmupSteps ({t.WarmupSteps}) for a cosine; it is training.steps where it is left out");
        check(t.FinalLearningRate >= 0 && t.FinalLearningRate <= t.LearningRate, "training.finalLearningRate", t.FinalLearningRate, $"from 0 to training.learningRate ({t.LearningRate})");
        check(TrainingSpec.Precisions.Contains(t.Precision), "training.precision", t.Precision, OneOf(TrainingSpec.Precisions));
        check(TrainingSpec.PipelineSchedules.Contains(t.PipelineSchedule), "training.pipelineSchedule", t.PipelineSchedule, OneOf(TrainingSpec.PipelineSchedules));
        check(TrainingSpec.CollectiveBackends.Contains(t.Collectives), "training.collectives", t.Collectives, OneOf(TrainingSpec.CollectiveBackends));
        check(t.CheckpointEvery >= 1, "training.checkpointEvery", t.CheckpointEvery, "at least 1");
        check(t.CheckpointsKept >= 1, "training.checkpointsKept", t.CheckpointsKept, "at least 1");
        check(t.VaultCopies is 1 or 2, "training.vaultCopies", t.VaultCopies, "1 or 2");
        check(t.EvaluateEvery >= 0, "training.evaluateEvery", t.EvaluateEvery, "at least 0");
        check(t.EvaluationBatches >= 1, "training.evaluationBatches", t.EvaluationBatches, "at least 1");
    }

    private static string OneOf(IReadOnlyList<string> known) => $"one of {string.Join(", ", known)}";
}
