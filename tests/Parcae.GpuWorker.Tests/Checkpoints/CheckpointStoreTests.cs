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
    private static readonly TrainingSpec Training = new() { Seed = 7 };
    private static readonly ModelSpec Small = new() { Blocks = 1, Hidden = 8, Heads = 2, SequenceLength = 4 };
    private readonly Gpt _model = new(Small);
    private readonly TemporaryFolder _folder = new();
    private readonly CheckpointStore _store;

    public CheckpointStoreTests() => _store = new CheckpointStore(_folder.Path, "job-1");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_written_is_loaded_to_the_last_bit()
    {
        var states = Write(25);
        var loaded = _store.Load(25, _model, Training);
        Assert.Equal(states.Select(s => (s.Layer, s.Version)), loaded.Select(s => (s.Layer, s.Version)));
        foreach (var (written, read) in states.SelectMany(s => s.Tensors).Zip(loaded.SelectMany(s => s.Tensors)))
            Assert.Equal(written.Bytes().ToArray(), read.Bytes().ToArray());
        Free([.. states, .. loaded]);
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
        var e = Assert.Throws<CheckpointException>(() => _store.Load(4, _model, Training));
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
        Assert.Throws<CheckpointException>(() => _store.Load(25, _model, Training));
    }

    [Fact]
    public void A_flipped_bit_anywhere_is_refused()
    {
        var bytes = WrittenBytes();
        for (int at = 0; at < bytes.Length; at += at < 6000 ? 97 : 991)
        {
            bytes[at] ^= 4;
            Damage(bytes);
            Assert.Throws<CheckpointException>(() => _store.Load(25, _model, Training));
            bytes[at] ^= 4;
        }
    }

    [Fact]
    public void Bytes_after_the_end_are_refused()
    {
        Damage([.. WrittenBytes(), 0, 0, 0, 0]);
        Assert.Contains("accounts for", Assert.Throws<CheckpointException>(() => _store.Load(25, _model, Training)).Message);
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
        Assert.Contains($"claims {length} bytes", Assert.Throws<CheckpointException>(() => _store.Load(25, _model, Training)).Message);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", "the one before it ends at 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}""", "the one before it ends at 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[1],"data_offsets":[16,20]}}""", "there are only 16")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,16]}}""", "shape [3] has 16 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387905,4],"data_offsets":[0,16]}}""", "not what the format asks for")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2,-2],"data_offsets":[0,16]}}""", "shape [-2, -2]")]
    [InlineData("""{"a":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}}""", "only F32")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}""", "no range")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4]}}""", "not what the format asks for")]
    [InlineData("""{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "twice")]
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
        Assert.Contains("its model is", Assert.Throws<CheckpointException>(() => _store.Load(25, other, Training)).Message);
        Assert.Contains("its seed is 7; expected was 8", Assert.Throws<CheckpointException>(() => _store.Load(25, _model, Training with { Seed = 8 })).Message);
        File.Copy(_store.PathOf(25), _store.PathOf(26));
        Assert.Contains("its step is 25; expected was 26", Assert.Throws<CheckpointException>(() => _store.Load(26, _model, Training)).Message);
    }

    [Fact]
    public void A_tensor_of_another_shape_is_refused_and_named()
    {
        // A file with a good checksum and this model's metadata, but of a model whose heads are laid out differently.
        Free(Write(25));
        using (var good = CheckpointFile.Open(_store.PathOf(25)))
        {
            var tensors = good.Header.Entries.Select(e => (e.Name, e.Name == "head.norm.bias" ? [2, 4] : e.Shape, (ReadOnlyMemory<byte>)new byte[e.End - e.Begin]));
            CheckpointFile.Write(_store.PathOf(25), good.Header.Metadata, [.. tensors]);
        }

        Assert.Contains("tensor 'head.norm.bias' has shape [2, 4]; expected was [8]", Assert.Throws<CheckpointException>(() => _store.Load(25, _model, Training)).Message);
    }

    [Fact]
    public void A_layer_at_another_version_is_not_written()
    {
        var states = Make(25);
        states[1].Version = 24;
        Assert.Contains("1 at 24", Assert.Throws<ArgumentException>(() => _store.Write(25, _model, Training, states)).Message);
        Free(states);
    }

    [Theory]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("")]
    public void A_job_id_that_leads_elsewhere_is_refused(string jobId) => Assert.ThrowsAny<ArgumentException>(() => new CheckpointStore(_folder.Path, jobId));

    private List<LayerState> Make(int version)
    {
        var states = Enumerable.Range(0, _model.LayerCount).Select(layer => LayerState.Initialize(_model, layer, Training)).ToList();
        foreach (var state in states)
        {
            state.Version = version;
            state.Tensors[1].fill_(0.25f + state.Layer);
            state.Tensors[2].fill_(1e-9f);
        }

        return states;
    }

    private List<LayerState> Write(int version)
    {
        var states = Make(version);
        _store.Write(version, _model, Training, states);
        return states;
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
