using System.Buffers.Binary;
using System.Text;
using Parcae.GpuWorker.Checkpoints;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Checkpoints;

public sealed class CheckpointStoreTests : IDisposable
{
    private static readonly ModelSpec Small = new() { Blocks = 1, Hidden = 8, Heads = 2, SequenceLength = 4 };
    private static readonly JobSpec Job = new() { Model = Small, Training = new() { Seed = 7 } };
    private readonly Gpt _model = new(Small);
    private readonly TemporaryFolder _folder = new();
    private readonly CheckpointStore _store;

    public CheckpointStoreTests() => _store = new CheckpointStore(_folder.Path, "job-1");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_written_is_loaded_to_the_last_bit()
    {
        var states = Write(25);
        var loaded = _store.Load(25, _model, Job);
        Assert.Equal(states.Select(s => (s.Layer, s.Version)), loaded.Select(s => (s.Layer, s.Version)));
        foreach (var (written, read) in states.SelectMany(s => s.Tensors).Zip(loaded.SelectMany(s => s.Tensors)))
            Assert.Equal(written.Bytes().ToArray(), read.Bytes().ToArray());
        Free([.. states, .. loaded]);
    }

    [Fact]
    public void Results_of_the_steps_before_are_kept_with_a_checkpoint_and_left_out_where_they_are_damaged()
    {
        StepResult Result(int step) => new(step, step + 0.5, double.NaN, (ulong)step, 4, 0.1, step % 2 == 0 ? 1.5 : null);
        foreach (int version in new[] { 4, 8, 12, 16 })
        {
            var states = Make(version);
            _store.Write(version, _model, Job, states, [.. Enumerable.Range(version - 6, 6).Where(s => s >= 0).Select(Result)]);
            Free(states);
        }

        Assert.Equal(Enumerable.Range(3, 13).Select(Result), _store.Results(3));
        Assert.Empty(_store.Results(16));
        string file = Path.ChangeExtension(_store.PathOf(16), ".results");
        byte[] bytes = File.ReadAllBytes(file);
        bytes[10] ^= 1;
        File.WriteAllBytes(file, bytes);
        Assert.Equal(Enumerable.Range(3, 9).Select(Result), _store.Results(3));
        Assert.Equal(3, Directory.EnumerateFiles(_store.Folder, "*.results").Count());
    }

    [Fact]
    public void The_newest_three_are_kept()
    {
        Assert.Empty(_store.Versions());
        foreach (int version in new[] { 5, 100, 20, 1000, 3 }) Free(Write(version));
        Assert.Equal([3, 100, 1000], _store.Versions()); // the last one written stays although it is the oldest
    }

    [Fact]
    public void What_a_killed_writer_left_is_no_checkpoint_and_goes_away()
    {
        var left = _folder.File("job-1/step-0000000009.safetensors.tmp", "half of it");
        Assert.Empty(_store.Versions());
        Free(Write(10));
        Assert.False(File.Exists(left));
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        var e = Assert.Throws<CheckpointException>(() => _store.Load(4, _model, Job));
        Assert.Contains(_store.PathOf(4), e.Message);
        Assert.Equal(_store.PathOf(4), e.Path);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(200)]
    [InlineData(-1)]
    [InlineData(-4000)]
    public void A_truncated_file_is_refused(int length)
    {
        var bytes = WrittenBytes();
        Damage(bytes[..(length < 0 ? bytes.Length + length : length)]);
        Assert.Throws<CheckpointException>(() => _store.Load(25, _model, Job));
    }

    [Fact]
    public void A_flipped_bit_anywhere_is_refused()
    {
        var bytes = WrittenBytes();
        for (int at = 0; at < bytes.Length; at += at < 6000 ? 97 : 991)
        {
            bytes[at] ^= 4;
            Damage(bytes);
            Assert.Throws<CheckpointException>(() => _store.Load(25, _model, Job));
            bytes[at] ^= 4;
        }
    }

    [Fact]
    public void Bytes_after_the_end_are_refused()
    {
        Damage([.. WrittenBytes(), 0, 0, 0, 0]);
        Assert.Contains("accounts for", Assert.Throws<CheckpointException>(() => _store.Load(25, _model, Job)).Message);
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(200_000_000)]
    [InlineData(-1)]
    [InlineData(0)]
    public void A_giant_or_negative_header_is_refused_before_it_is_read(long length)
    {
        var bytes = WrittenBytes();
        BinaryPrimitives.WriteInt64LittleEndian(bytes, length);
        Damage(bytes);
        Assert.Contains($"claims {length} bytes", Assert.Throws<CheckpointException>(() => _store.Load(25, _model, Job)).Message);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", "the one before it ends at 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}""", "the one before it ends at 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[1],"data_offsets":[16,20]}}""", "there are only 16")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,16]}}""", "shape [3] and type F32 has 16 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387905,4],"data_offsets":[0,16]}}""", "shape [4611686018427387905, 4] and type F32 has 16 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2,-2],"data_offsets":[0,16]}}""", "shape [-2, -2]")]
    [InlineData("""{"a":{"dtype":"F65","shape":[2],"data_offsets":[0,16]}}""", "type F65, which is none of the format's")]
    [InlineData("""{"a":{"dtype":"F16","shape":[4],"data_offsets":[0,16]}}""", "shape [4] and type F16 has 16 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,16]}}""", "has shape [1.5], which are not all whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,99999999999999999999]}}""", "not all whole numbers of 64 bits")]
    [InlineData("""{"__metadata__":{"k":5}}""", "not what the format asks for")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}""", "no range")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4]}}""", "not what the format asks for")]
    [InlineData("""{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "Duplicate")]
    [InlineData("""[1,2]""", "not what the format asks for")]
    [InlineData("""{"a":""", "not what the format asks for")]
    public void A_header_that_breaks_the_rules_is_refused(string json, string problem)
    {
        var e = Assert.Throws<FormatException>(() => SafetensorsHeader.Parse(Encoding.UTF8.GetBytes(json), dataLength: 16));
        Assert.Contains(problem, e.Message);
    }

    [Fact]
    public void A_checkpoint_of_another_model_seed_or_version_is_refused()
    {
        Free(Write(25));
        var other = new Gpt(Small with { Hidden = 16 });
        Assert.Contains("its model is", Assert.Throws<CheckpointException>(() => _store.Load(25, other, Job)).Message);
        Assert.Contains("its seed is 7; expected was 8", Assert.Throws<CheckpointException>(() => _store.Load(25, _model, Job with { Training = new() { Seed = 8 } })).Message);
        File.Copy(_store.PathOf(25), _store.PathOf(26));
        Assert.Contains("its step is 25; expected was 26", Assert.Throws<CheckpointException>(() => _store.Load(26, _model, Job)).Message);
    }

    [Theory]
    [InlineData("adamw", 0.9, "sgd", 0.9, "its optimizer is adamw; expected was sgd")]
    [InlineData("sgd", 0.9, "adamw", 0.9, "its optimizer is sgd; expected was adamw")]
    [InlineData("sgd", 0.9, "sgd", 0, "its momentum is 0.9; expected was 0")]
    public void A_checkpoint_of_another_optimizer_is_refused(string written, double momentum, string expected, double expectedMomentum, string problem)
    {
        JobSpec With(string optimizer, double m) => Job with { Training = Job.Training with { Optimizer = optimizer, Momentum = m } };
        Free(Write(25, With(written, momentum)));
        Assert.Contains(problem, Assert.Throws<CheckpointException>(() => _store.Load(25, _model, With(expected, expectedMomentum))).Message);
    }

    [Fact]
    public void A_tensor_of_another_shape_is_refused_and_named()
    {
        Rewrite(t => t with { Shape = t.Name == "head.norm.bias" ? [2, 4] : t.Shape });
        Assert.Contains("tensor 'head.norm.bias' has shape [2, 4]; expected was [8]", Assert.Throws<CheckpointException>(() => _store.Load(25, _model, Job)).Message);
    }

    [Fact]
    public void A_missing_tensor_and_one_too_many_are_refused_and_named()
    {
        // A name with a path in it is a name like any other: nothing is ever opened by it.
        Rewrite(t => t with { Name = t.Name == "head.norm.bias" ? "../../head.norm.bias" : t.Name });
        Assert.Contains("tensor 'head.norm.bias' is missing", Assert.Throws<CheckpointException>(() => _store.Load(25, _model, Job)).Message);
        Rewrite(t => t, new SafetensorsContent("../../etc/passwd", [1], () => new byte[4]));
        Assert.Contains("tensor '../../etc/passwd' is none of this model's", Assert.Throws<CheckpointException>(() => _store.Load(25, _model, Job)).Message);
    }

    [Fact]
    public void A_tensor_of_another_type_is_refused_and_named()
    {
        // Half as many elements twice as long: the bytes fit, the type does not.
        Free(Write(25));
        var bytes = File.ReadAllBytes(_store.PathOf(25));
        var header = SafetensorsHeader.Parse(bytes.AsMemory(8, (int)BinaryPrimitives.ReadInt64LittleEndian(bytes)), bytes.Length - 8 - BinaryPrimitives.ReadInt64LittleEndian(bytes));
        var entries = header.Entries.Select(e => e.Name == "head.norm.bias" ? e with { Type = "F64", Shape = [4] } : e).ToArray();
        var changed = CheckpointFile.Seal((header with { Metadata = header.Metadata.ToDictionary(), Entries = entries }).ToBytes(), header.Metadata["xxh128"]);
        Damage([.. changed, .. bytes.AsSpan(8 + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes))]);
        Assert.Contains("tensor 'head.norm.bias' is of type F64; checkpoints hold F32", Assert.Throws<CheckpointException>(() => _store.Load(25, _model, Job)).Message);
    }

    [Fact]
    public void Damage_is_named_by_tensor()
    {
        var bytes = WrittenBytes();
        bytes[^1] ^= 1;
        Damage(bytes);
        Assert.Contains("tensor 'second_moment.head.norm.bias' is damaged: its checksum is", Assert.Throws<CheckpointException>(() => _store.Load(25, _model, Job)).Message);
        bytes[^1] ^= 1;
        bytes[100] ^= 1;
        Damage(bytes);
        Assert.Contains("its header is damaged", Assert.Throws<CheckpointException>(() => _store.Load(25, _model, Job)).Message);
    }

    [Fact]
    public void The_newest_whole_checkpoint_is_loaded_and_the_damaged_ones_are_told()
    {
        Assert.Null(_store.LoadNewest(_model, Job));
        foreach (int version in new[] { 10, 20, 30 }) Free(Write(version));
        File.WriteAllText(_store.PathOf(30), "nothing");
        File.WriteAllBytes(_store.PathOf(20), File.ReadAllBytes(_store.PathOf(20))[..^4]);
        var newest = _store.LoadNewest(_model, Job)!;
        Assert.Equal(10, newest.Version);
        Assert.Equal([_store.PathOf(30), _store.PathOf(20)], newest.Damaged.Select(d => d.Path));
        Free(newest.Contents);
        File.Delete(_store.PathOf(10));
        var none = Assert.Throws<CheckpointException>(() => _store.LoadNewest(_model, Job));
        Assert.Contains("none can be used", none.Message);
        Assert.Contains(_store.PathOf(20), none.Message);
        Assert.Contains(_store.PathOf(30), none.Message);
    }

    [Fact]
    public void Links_are_refused()
    {
        Free(Write(25));
        var elsewhere = Path.Combine(_folder.Path, "elsewhere");
        Directory.Move(_store.Folder, elsewhere);
        Directory.CreateSymbolicLink(_store.Folder, elsewhere);
        Assert.Contains("it is a link to", Assert.Throws<CheckpointException>(() => _store.Load(25, _model, Job)).Message);
        var states = Make(26);
        Assert.Contains("it is a link to", Assert.Throws<CheckpointException>(() => _store.Write(26, _model, Job, states)).Message);
        Free(states);
        Directory.Delete(_store.Folder);
        Directory.CreateDirectory(_store.Folder);
        File.CreateSymbolicLink(_store.PathOf(25), Path.Combine(elsewhere, Path.GetFileName(_store.PathOf(25))));
        Assert.Contains("it is a link to", Assert.Throws<CheckpointException>(() => _store.Load(25, _model, Job)).Message);
    }

    [Fact]
    public void A_link_in_the_place_of_an_unfinished_file_is_not_written_through()
    {
        var precious = _folder.File("precious", "text");
        Directory.CreateDirectory(_store.Folder);
        File.CreateSymbolicLink(_store.PathOf(25) + ".tmp", precious);
        Free(Write(25));
        Assert.Equal("text", File.ReadAllText(precious));
        Free(_store.Load(25, _model, Job));
    }

    [Theory]
    [InlineData("step-9999999999.safetensors")]
    [InlineData("step-25.safetensors")]
    [InlineData("step--000000025.safetensors")]
    [InlineData("step-000000002x.safetensors")]
    public void A_file_whose_name_is_no_version_is_none_of_ours(string name)
    {
        _folder.File($"job-1/{name}", "");
        Assert.Empty(_store.Versions());
    }

    [Fact]
    public void As_many_are_kept_as_the_job_asks_for()
    {
        foreach (int version in new[] { 1, 2, 3 }) Free(Write(version, Job with { Training = Job.Training with { CheckpointsKept = 1 } }));
        Assert.Equal([3], _store.Versions());
    }

    [Fact]
    public void A_write_that_fails_leaves_what_was_there_and_nothing_else()
    {
        Free(Write(25));
        var before = File.ReadAllBytes(_store.PathOf(25));
        Assert.Throws<IOException>(() => DurableFile.Write(_store.PathOf(25), file =>
        {
            file.Write(before.AsSpan(0, 100));
            throw new IOException("No space left on device");
        }));
        Assert.Equal(before, File.ReadAllBytes(_store.PathOf(25)));
        Assert.Single(Directory.EnumerateFileSystemEntries(_store.Folder));
    }

    [Fact]
    public void A_read_for_an_export_needs_nothing_but_the_file()
    {
        var states = Write(25);
        using var read = _store.Read(25);
        Assert.Equal((25, 8, 7), (read.Manifest.Step, read.Manifest.Model.Hidden, read.Manifest.Training.Seed));
        Assert.All(read.States, s => Assert.Single(s.Tensors));
        foreach (var (written, found) in states.Zip(read.States)) Assert.Equal(written.Parameters.Bytes().ToArray(), found.Parameters.Bytes().ToArray());
        Free(states);
    }

    [Theory]
    [InlineData("plugin", 8, "comes from the class library evil.dll")]
    [InlineData("gpt", 1 << 30, "model.hidden: 1073741824 is not valid")]
    public void A_manifest_of_no_valid_job_is_refused_before_anything_is_built(string family, int hidden, string problem)
    {
        Rewrite(t => t, manifest: m => m with { Model = m.Model with { Family = family, Hidden = hidden, Assembly = family == "plugin" ? "evil.dll" : null } });
        Assert.Contains(problem, Assert.Throws<CheckpointException>(() => _store.Read(25)).Message);
    }

    [Fact]
    public void A_step_that_is_no_version_is_refused()
    {
        Rewrite(t => t, manifest: m => m with { Step = -25 });
        Assert.Contains("its step is -25", Assert.Throws<CheckpointException>(() => _store.Load(25, _model, Job)).Message);
        Assert.Throws<FormatException>(() => CheckpointManifest.Parse("""{"formatVersion":2,"step":9999999999,"model":{},"training":{},"data":{},"tensors":{}}"""));
        Assert.Throws<FormatException>(() => CheckpointManifest.Parse("""{"formatVersion":2,"step":1,"model":null,"training":{},"data":{},"tensors":{}}"""));
        Assert.Throws<FormatException>(() => CheckpointManifest.Parse("""{"formatVersion":3,"step":1,"model":{},"training":{},"data":{},"tensors":{}}"""));
        Assert.Throws<FormatException>(() => CheckpointManifest.Parse("{}"));
        Assert.Throws<FormatException>(() => CheckpointManifest.Parse("null"));
    }

    [Fact]
    public void A_layer_at_another_version_is_not_written()
    {
        var states = Make(25);
        states[1].Version = 24;
        Assert.Contains("1 at 24", Assert.Throws<ArgumentException>(() => _store.Write(25, _model, Job, states)).Message);
        Free(states);
    }

    [Theory]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("")]
    public void A_job_id_that_leads_elsewhere_is_refused(string jobId) => Assert.ThrowsAny<ArgumentException>(() => new CheckpointStore(_folder.Path, jobId));

    private List<LayerState> Make(int version, JobSpec? job = null)
    {
        var states = Enumerable.Range(0, _model.LayerCount).Select(layer => LayerState.Initialize(_model, layer, (job ?? Job).Training)).ToList();
        foreach (var state in states)
        {
            state.Version = version;
            foreach (var (slot, value) in state.Slots.Zip([0.25f, 1e-9f])) slot.fill_(value);
        }

        return states;
    }

    private List<LayerState> Write(int version, JobSpec? job = null)
    {
        var states = Make(version, job);
        _store.Write(version, _model, job ?? Job, states);
        return states;
    }

    // A file with good checksums that is not what a writer would have written.
    private void Rewrite(Func<SafetensorsContent, SafetensorsContent> change, SafetensorsContent? more = null, Func<CheckpointManifest, CheckpointManifest>? manifest = null)
    {
        Free(Write(25));
        CheckpointManifest found;
        List<SafetensorsContent> tensors;
        using (var good = CheckpointFile.Open(_store.PathOf(25)))
        {
            found = good.Manifest;
            tensors = [.. good.Entries.Select(e => change(new SafetensorsContent(e.Name, e.Shape, () => new byte[e.Bytes])))];
        }

        if (more is not null) tensors.Add(more);
        CheckpointFile.Write(_store.PathOf(25), manifest is null ? found : manifest(found), tensors);
    }

    private byte[] WrittenBytes()
    {
        Free(Write(25));
        return File.ReadAllBytes(_store.PathOf(25));
    }

    private void Damage(byte[] bytes) => File.WriteAllBytes(_store.PathOf(25), bytes);

    private static void Free(IEnumerable<LayerState> states)
    {
        foreach (var state in states) state.Dispose();
    }
}
