using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Parcae.Grains;

namespace Parcae.GpuWorker.Data;

/// <summary>Opens the data that a job names.</summary>
public static partial class BatchSources
{
    /// <summary>
    /// Opens a job's data, building its token cache where it is missing or damaged. The last <c>data.validationFraction</c> of the samples are kept for validation; with 0,
    /// the records of a CIFAR test file are, where there is one.
    /// </summary>
    /// <exception cref="InvalidDataException">There is no such data, it is damaged, does not fit the model, or is not enough.</exception>
    public static IBatchSource Open(JobSpec spec) => Open(spec, NullLogger.Instance);

    /// <summary>Opens a job's data as <see cref="Open(JobSpec)"/> does, and logs how far the build of a large token cache is.</summary>
    /// <param name="spec">The job.</param>
    /// <param name="logger">Where to log.</param>
    /// <exception cref="InvalidDataException">There is no such data, it is damaged, does not fit the model, or is not enough.</exception>
    public static IBatchSource Open(JobSpec spec, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(logger);
        bool tokens = spec.Model.TakesTokens;
        var (samples, order) = spec.Data.Kind switch
        {
            "text" when tokens => Text(spec, logger),
            "cifar10" when !tokens => Cifar(spec, CifarFormat.Cifar10),
            "cifar100" when !tokens => Cifar(spec, CifarFormat.Cifar100),
            "synthetic" => tokens ? SyntheticText(spec) : SyntheticPictures(spec),
            _ => throw new InvalidDataException(
                $"data.kind: '{spec.Data.Kind}' is not valid for a {spec.Model.Family}, which takes {(tokens ? "tokens: it must be text or synthetic" : "images: it must be cifar10, cifar100 or synthetic")}."),
        };
        if (spec.Training.EvaluateEvery == 0 || order.Validation > 0) return new BatchSource(samples, order, spec.Training);
        samples.Dispose();
        throw new InvalidDataException(
            $"training.evaluateEvery is {spec.Training.EvaluateEvery}, but no samples are kept for validation: data.validationFraction must be above 0, or a test file lie beside the training images.");
    }

    private static (ISampleSet Samples, SampleOrder Order) Text(JobSpec spec, ILogger logger)
    {
        var tokenizer = Tokenizers.Open(spec.Data);
        int vocabulary = spec.Model.Vocabulary;
        if (tokenizer.Vocabulary > vocabulary)
            throw new InvalidDataException($"model.vocabulary: {vocabulary} is not valid; the highest token of the tokenizer {tokenizer.Kind} is {tokenizer.Vocabulary - 1}, so it must be at least {tokenizer.Vocabulary}.");
        if (IsMasked(spec) && tokenizer.Vocabulary == vocabulary)
            throw new InvalidDataException($"model.vocabulary: {vocabulary} is not valid; the last token of a {spec.Model.Family} is the mask, and the tokenizer {tokenizer.Kind} has {tokenizer.Vocabulary} tokens of its own, so it must be at least {tokenizer.Vocabulary + 1}.");
        var objective = Objective(spec, tokenizer.Vocabulary);
        var data = TokenDataset.Open(spec.Data, tokenizer, bytes => LogTokenizing(logger, bytes >> 20, tokenizer.Kind));
        try
        {
            var windows = new TextWindows(data, objective.Sequence, objective.Length, tokenizer.Kind == "bytes" ? "bytes" : "tokens");
            return (new TokenSamples(windows, objective), SampleOrder.Split(windows.Count, spec.Data.ValidationFraction, spec.Training.Seed, "windows of text"));
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    private static (ISampleSet Samples, SampleOrder Order) Cifar(JobSpec spec, CifarFormat format)
    {
        var (m, fraction, seed) = (spec.Model, spec.Data.ValidationFraction, spec.Training.Seed);
        if (m.ImageSize != CifarFormat.Size || m.Channels != CifarFormat.Channels)
            throw new InvalidDataException($"model.imageSize: {m.ImageSize} x {m.Channels} colours is not valid; images of {format.Name} are {CifarFormat.Size} x {CifarFormat.Channels} colours.");
        if (m.Classes < format.Classes)
            throw new InvalidDataException($"model.classes: {m.Classes} is not valid; {format.Name} has {format.Classes} classes.");
        var images = new CifarImages(format, spec.Data.Paths);
        try
        {
            var order = fraction == 0 ? new SampleOrder(images.Training, images.Test, seed) : SampleOrder.Split(images.Training, fraction, seed, "images");
            return (new ImageSamples(images, spec.Data.Augment), order);
        }
        catch
        {
            images.Dispose();
            throw;
        }
    }

    private static (ISampleSet Samples, SampleOrder Order) SyntheticText(JobSpec spec)
    {
        // A bert's last token is the mask.
        int vocabulary = IsMasked(spec) ? spec.Model.Vocabulary - 1 : spec.Model.Vocabulary;
        return (new TokenSamples(new SyntheticTokens(spec.Training.Seed, spec.Data.SyntheticSamples, vocabulary), Objective(spec, vocabulary)), SyntheticOrder(spec));
    }

    private static (ISampleSet Samples, SampleOrder Order) SyntheticPictures(JobSpec spec) =>
        (new ImageSamples(new SyntheticImages(spec.Training.Seed, spec.Model.Channels, spec.Model.ImageSize, spec.Model.Classes), spec.Data.Augment), SyntheticOrder(spec));

    private static SampleOrder SyntheticOrder(JobSpec spec) =>
        SampleOrder.Split(spec.Data.SyntheticSamples, spec.Data.ValidationFraction, spec.Training.Seed, "synthetic samples");

    private static ITokenObjective Objective(JobSpec spec, int tokens) =>
        IsMasked(spec) ? new MaskedTokens(spec.Model.SequenceLength, spec.Model.Vocabulary - 1, tokens) : new NextToken(spec.Model.SequenceLength);

    private static bool IsMasked(JobSpec spec) => spec.Model.Family == "bert";

    [LoggerMessage(Level = LogLevel.Information, Message = "Building the token cache: {MiB} MiB of text are tokens ({Tokenizer}).")]
    private static partial void LogTokenizing(ILogger logger, long miB, string tokenizer);
}
