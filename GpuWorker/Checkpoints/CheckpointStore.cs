using System.Globalization;
using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>
/// A job's checkpoints in a folder: one safetensors file per version with every parameter by its name (<c>blocks.0.attention.qkv.weight</c>), the
/// optimizer's tensors (<c>first_moment.</c>, <c>second_moment.</c>; <c>momentum.</c>) and a manifest. One writer per job.
/// </summary>
public sealed class CheckpointStore
{
    private const string Prefix = "step-";
    private const string Suffix = ".safetensors";
    private const string ResultsSuffix = ".results";

    private readonly string _root;
    private readonly string _folder;

    /// <summary>Opens the store; its folder is made by the first checkpoint.</summary>
    /// <param name="folder">Holds one folder per job.</param>
    /// <param name="jobId">The job.</param>
    /// <exception cref="ArgumentException">The id cannot be the name of a folder.</exception>
    public CheckpointStore(string folder, string jobId)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        ArgumentException.ThrowIfNullOrWhiteSpace(jobId);
        if (!FolderGuard.IsName(jobId)) throw new ArgumentException($"'{jobId}' cannot be the name of a folder.", nameof(jobId));
        (_root, _folder, JobId) = (folder, Path.Combine(folder, jobId), jobId);
    }

    /// <summary>The job.</summary>
    public string JobId { get; }

    /// <summary>The job's own folder.</summary>
    public string Folder => _folder;

    /// <summary>The file of a version, whether it exists or not.</summary>
    public string PathOf(int version) => Path.Combine(_folder, NameOf(version));

    /// <summary>The file of the results before a version, whether it exists or not.</summary>
    internal string ResultsOf(int version) => Path.ChangeExtension(PathOf(version), ResultsSuffix);

    /// <summary>Versions of which there is a file, ascending. Whether a file is whole shows when it is loaded. Files with other names are none of ours.</summary>
    public IReadOnlyList<int> Versions() => Directory.Exists(_folder)
        ? [.. Directory.EnumerateFiles(_folder, Prefix + "*" + Suffix)
            .Select(f => VersionOf(Path.GetFileName(f))).OfType<int>().Order()]
        : [];

    /// <summary>The version that a file is of by its name; null: it is none of ours.</summary>
    internal static int? VersionOf(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal) && name.Length > Prefix.Length + Suffix.Length
        && int.TryParse(name.AsSpan(Prefix.Length..^Suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int version) && name == NameOf(version) ? version : null;

    /// <summary>Jobs that have a folder here.</summary>
    public static IReadOnlyList<string> Jobs(string folder)
    {
        if (!Directory.Exists(folder)) return [];
        var names = Directory.EnumerateDirectories(folder).Select(f => Path.GetFileName(f)).Where(FolderGuard.IsName);
        return [.. names.Where(job => new CheckpointStore(folder, job).Versions().Count > 0).Order(StringComparer.Ordinal)];
    }

    /// <summary>Writes a checkpoint: it appears whole or not at all. Then deletes all but the newest ones, as many as the job keeps.</summary>
    /// <param name="version">Steps applied.</param>
    /// <param name="model">The model.</param>
    /// <param name="spec">The job.</param>
    /// <param name="states">Every layer in order, all at <paramref name="version"/>, on the CPU; they must not change meanwhile.</param>
    /// <param name="results">Results of steps below <paramref name="version"/>, in order, which are kept with it; null: none.</param>
    /// <exception cref="IOException">It could not be written.</exception>
    public void Write(int version, IStagedModel model, JobSpec spec, IReadOnlyList<LayerState> states, IReadOnlyList<StepResult>? results = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(states);
        ArgumentOutOfRangeException.ThrowIfNegative(version);
        if (!states.Select(s => (s.Layer, s.Version)).SequenceEqual(Enumerable.Range(0, model.LayerCount).Select(layer => (layer, version))))
        {
            var given = string.Join(", ", states.Select(s => $"{s.Layer} at {s.Version}"));
            throw new ArgumentException($"A checkpoint of version {version} needs layers 0..{model.LayerCount - 1} at that version, not {given}.", nameof(states));
        }

        MakeFolder();
        foreach (var unfinished in Directory.EnumerateFiles(_folder, "*" + DurableFile.Unfinished)) File.Delete(unfinished); // of a writer that was killed
        var manifest = new CheckpointManifest
        {
            FormatVersion = CheckpointManifest.CurrentFormat,
            Step = version,
            Model = model.Spec,
            Training = spec.Training,
            Data = spec.Data,
            Tensors = new Dictionary<string, string>(),
            Tokenizer = TokenizerFiles.Keep(spec.Data, _folder),
        };
        if (results is not null) StepResultFile.Write(ResultsOf(version), results);
        CheckpointFile.Write(PathOf(version), manifest, [.. CheckpointTensors.Of(model, spec.Training).Select(t => new SafetensorsContent(t.Name, t.Slice.Shape, () => Bytes(states, t)))]);
        // The one just written stays in any case: after falling back, newer ones of the abandoned run may still lie here.
        foreach (int old in Versions().Where(v => v != version).SkipLast(spec.Training.CheckpointsKept - 1))
        {
            File.Delete(PathOf(old));
            File.Delete(ResultsOf(old));
        }
    }

    /// <summary>Results of steps from <paramref name="from"/> on that are kept with the checkpoints, in order. What is damaged is left out.</summary>
    public IReadOnlyList<StepResult> Results(int from) => [.. Versions().Where(v => v > from).OrderDescending().SelectMany(v => StepResultFile.Read(ResultsOf(v)))
        .Where(r => r.Step >= from).DistinctBy(r => r.Step).OrderBy(r => r.Step)];

    /// <summary>Loads a checkpoint. All of it is checked before a state is handed out.</summary>
    /// <param name="version">One of <see cref="Versions"/>.</param>
    /// <param name="model">The model that it must be of.</param>
    /// <param name="spec">The job that it must be of: the same seed and optimizer.</param>
    /// <returns>Every layer in order; the caller disposes of them.</returns>
    /// <exception cref="CheckpointException">The file is missing, damaged, or of another version, model, seed or optimizer.</exception>
    public IReadOnlyList<LayerState> Load(int version, IStagedModel model, JobSpec spec)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(spec);
        using var file = Open(version);
        if (file.Manifest.Difference(version, model.Spec, spec.Training) is { } difference) throw new CheckpointException(PathOf(version), difference);
        return CheckpointReader.Read(file, PathOf(version), model, spec.Training, spec.Training, null);
    }

    /// <summary>Loads the newest checkpoint that is whole and of the job.</summary>
    /// <returns>Null when there is none at all.</returns>
    /// <exception cref="CheckpointException">There are checkpoints, and none can be used; says why for each.</exception>
    public CheckpointChoice<IReadOnlyList<LayerState>>? LoadNewest(IStagedModel model, JobSpec spec) => Newest(version => Load(version, model, spec));

    /// <summary>Reads a checkpoint's parameters, whatever job it is of: for an export or for evaluation, not for training.</summary>
    /// <param name="version">One of <see cref="Versions"/>.</param>
    /// <param name="progress">Told the share that is read, from 0 to 1.</param>
    /// <exception cref="CheckpointException">The file is missing or damaged, or its manifest names no model that can be built from it alone.</exception>
    public TrainedModel Read(int version, Action<double>? progress = null)
    {
        using var file = Open(version);
        return TrainedModel.Read(file, PathOf(version), version, progress);
    }

    /// <summary>Reads the newest checkpoint that is whole; see <see cref="Read"/>.</summary>
    /// <inheritdoc cref="LoadNewest"/>
    public CheckpointChoice<TrainedModel>? ReadNewest(Action<double>? progress = null) => Newest(version => Read(version, progress));

    /// <summary>Writes a checkpoint's parameters alone, by their names here, into a folder: <c>model.safetensors</c> and <c>manifest.json</c>.</summary>
    /// <param name="version">One of <see cref="Versions"/>.</param>
    /// <param name="folder">Where; must not exist, or be empty.</param>
    /// <param name="progress">Told the share that is written, from 0 to 1.</param>
    /// <exception cref="CheckpointException">The file is missing or damaged.</exception>
    /// <exception cref="IOException">The folder is not empty, or cannot be written.</exception>
    public CheckpointManifest ExportParameters(int version, string folder, Action<double>? progress = null)
    {
        using var file = Open(version);
        var prefixes = CheckpointTensors.SlotPrefixes(file.Manifest.Training);
        var kept = file.Entries.OrderBy(e => e.Begin).Where(e => e.Type == SafetensorsTypes.Float32 && !prefixes.Any(p => e.Name.StartsWith(p, StringComparison.Ordinal)));
        var contents = kept.Select(e => new SafetensorsContent(e.Name, e.Shape, () => file.Read(e))).ToArray();
        var manifest = file.Manifest with { Tensors = contents.ToDictionary(c => c.Name, c => file.Manifest.Tensors[c.Name], StringComparer.Ordinal) };
        ExportFolder.Write(folder, into =>
        {
            var json = System.Text.Encoding.UTF8.GetBytes(manifest.ToJson());
            DurableFile.Write(Path.Combine(into, "manifest.json"), f => f.Write(json));
            var header = SafetensorsWriter.Header(new Dictionary<string, string> { ["format"] = "pt" }, contents);
            SafetensorsWriter.Write(Path.Combine(into, "model.safetensors"), header.ToBytes(), contents, progress);
        });
        return manifest;
    }

    /// <inheritdoc cref="ExportParameters"/>
    /// <summary>Does the same with the newest checkpoint that is whole.</summary>
    /// <returns>Null when there is none at all.</returns>
    public CheckpointChoice<CheckpointManifest>? ExportNewestParameters(string folder, Action<double>? progress = null) => Newest(version => ExportParameters(version, folder, progress));

    /// <summary>The tokenizer of a checkpoint's job, from the files that were kept beside the checkpoints.</summary>
    /// <exception cref="CheckpointException">The tokenizer's files are missing or damaged.</exception>
    public ITokenizer OpenTokenizer(CheckpointManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        if (manifest.Data.Tokenizer != "bpe") return Tokenizers.Open(manifest.Data);
        string Kept(string name)
        {
            TokenizerFiles.Read(manifest, _folder, name);
            return Path.Combine(_folder, name);
        }

        return Tokenizers.Open(manifest.Data with { VocabularyFile = Kept(TokenizerFiles.Vocabulary), MergesFile = Kept(TokenizerFiles.Merges) });
    }

    /// <summary>Exports a model in the Hugging Face layout, with the tokenizer's files that were kept beside the checkpoints.</summary>
    /// <param name="trained">Read from this store.</param>
    /// <param name="folder">Where; must not exist, or be empty.</param>
    /// <param name="tokenizerFolder">Has the tokenizer's files in place of those that were kept; null: as they were kept.</param>
    /// <param name="progress">Told the share that is written, from 0 to 1.</param>
    /// <exception cref="CheckpointException">The tokenizer's files are missing, damaged, or do not fit the model.</exception>
    /// <exception cref="IOException">The folder is not empty, or cannot be written.</exception>
    public void ExportHuggingFace(TrainedModel trained, string folder, string? tokenizerFolder = null, Action<double>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(trained);
        byte[] File(string name) => tokenizerFolder is null
            ? TokenizerFiles.Read(trained.Manifest, _folder, name)
            : System.IO.File.ReadAllBytes(Path.Combine(tokenizerFolder, name));
        var files = trained.Manifest.Data.Tokenizer == "bpe"
            ? new[] { TokenizerFiles.Vocabulary, TokenizerFiles.Merges }.ToDictionary(name => name, File)
            : null;
        HuggingFaceGpt2.Export(trained.Model, trained.States, folder, files, progress);
    }

    /// <summary>The newest checkpoint with which something can be done.</summary>
    internal CheckpointChoice<T>? Newest<T>(Func<int, T> load)
    {
        var damaged = new List<CheckpointException>();
        foreach (int version in Versions().Reverse())
        {
            try
            {
                return new(version, load(version), damaged);
            }
            catch (CheckpointException e)
            {
                damaged.Add(e);
            }
        }

        return damaged.Count == 0 ? null : throw new CheckpointException(_folder, $"none can be used. {string.Join(' ', damaged.Select(e => e.Message))}");
    }

    /// <summary>Makes the job's folder, if it is not there.</summary>
    internal void MakeFolder()
    {
        FolderGuard.RefuseLink(new DirectoryInfo(_folder));
        DurableFile.CreateFolder(_folder);
    }

    /// <summary>Opens a version's file.</summary>
    internal CheckpointFile Open(int version)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(version);
        FolderGuard.RefuseLink(new DirectoryInfo(_folder));
        FolderGuard.RefuseLink(new FileInfo(PathOf(version)));
        if (File.Exists(PathOf(version))) return CheckpointFile.Open(PathOf(version));
        var there = Versions();
        throw new CheckpointException(PathOf(version), there.Count > 0 ? $"there is no such file; there are checkpoints of steps {string.Join(", ", there)}." : NothingThere());
    }

    /// <summary>Says that there is no checkpoint, and what there is.</summary>
    public string NothingThere()
    {
        var jobs = Jobs(_root);
        return $"there is no checkpoint of this job; {Path.GetFullPath(_root)} {(jobs.Count > 0 ? $"has some of {string.Join(", ", jobs)}" : "has none of any job")}.";
    }

    private static string NameOf(int version) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{version:D10}{Suffix}");

    private static ReadOnlyMemory<byte> Bytes(IReadOnlyList<LayerState> states, CheckpointTensor tensor) =>
        CheckpointTensors.Part(states[tensor.Layer], tensor.Slice, tensor.Slot).Bytes();
}

/// <summary>The newest checkpoint that could be used.</summary>
/// <param name="Version">Its version.</param>
/// <param name="Contents">What was loaded.</param>
/// <param name="Damaged">Newer ones, the newest first, and why they could not be used.</param>
public sealed record CheckpointChoice<T>(int Version, T Contents, IReadOnlyList<CheckpointException> Damaged);
