using Parcae.GpuWorker.Data;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Data;

public sealed class CifarTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_record_is_a_label_and_three_planes_normalised_each_with_its_own_mean()
    {
        Write("data_batch_1.bin", Record([7], i => i % 256));
        using var source = BatchSources.Open(Spec("cifar10"));
        var (inputs, targets, _) = source.MicroBatch(0, 0).Content();
        Assert.Equal([7L], Batches.Longs(targets));
        var pixels = Batches.Floats(inputs);
        Assert.Equal(3072, pixels.Length);
        // Byte i of the image, row by row, red before green before blue.
        foreach (int i in new[] { 0, 33, 1023, 1024, 2047, 2048, 3071 })
        {
            var (mean, deviation) = (new[] { 0.4914, 0.4822, 0.4465 }[i / 1024], new[] { 0.2470, 0.2435, 0.2616 }[i / 1024]);
            Assert.Equal((float)((i % 256 / 255.0 - mean) / deviation), pixels[i]);
        }
    }

    [Fact]
    public void Of_cifar100_the_fine_label_is_the_class()
    {
        Write("train.bin", Record([3, 99], _ => 255));
        using var source = BatchSources.Open(Spec("cifar100"));
        var (inputs, targets, _) = source.MicroBatch(0, 0).Content();
        Assert.Equal([99L], Batches.Longs(targets));
        Assert.Equal((float)((1 - 0.5071) / 0.2673), Batches.Floats(inputs)[0]);
    }

    [Fact]
    public void Images_have_their_shape()
    {
        Write("data_batch_1.bin", [.. Enumerable.Range(0, 4).SelectMany(i => Record([i], _ => i))]);
        using var source = BatchSources.Open(Spec("cifar10") with { Training = new TrainingSpec { GlobalBatch = 4, MicroBatches = 2 } });
        using var batch = source.MicroBatch(0, 1);
        Assert.Equal([2L, 3L, 32L, 32L], batch.Inputs.shape);
        Assert.Equal([2L], batch.Targets.shape);
    }

    [Fact]
    public void Of_a_folder_the_training_files_are_read_in_order_and_the_test_file_is_for_validation()
    {
        Write("set/data_batch_2.bin", Record([2], _ => 0));
        Write("set/data_batch_1.bin", [.. Record([0], _ => 0), .. Record([1], _ => 0)]);
        Write("set/test_batch.bin", [.. Record([8], _ => 0), .. Record([9], _ => 0)]);
        _folder.File("set/batches.meta.txt", "airplane");
        using (var source = BatchSources.Open(Spec("cifar10")))
        {
            Assert.Equal([0L, 1, 2], Classes(source, 3).Order());
            Assert.Equal([8L, 9, 8], Enumerable.Range(0, 3).SelectMany(i => Batches.Longs(source.Validation(i).Content().Targets)));
        }

        // A fraction keeps training images instead, and leaves the test file alone.
        using var split = BatchSources.Open(Spec("cifar10") with { Data = Spec("cifar10").Data with { ValidationFraction = 0.3 } });
        Assert.Equal([0L, 1, 0, 1], Classes(split, 4).Chunk(2).SelectMany(c => c.Order()));
        Assert.Equal([2L, 2], Enumerable.Range(0, 2).SelectMany(i => Batches.Longs(split.Validation(i).Content().Targets)));
    }

    [Fact]
    public void A_file_that_is_named_may_be_called_anything_but_the_test_file_is_not_trained_on()
    {
        var mine = Write("mine.dat", Record([4], _ => 0));
        var test = Write("test_batch.bin", Record([5], _ => 0));
        using var source = BatchSources.Open(Spec("cifar10") with { Data = new DataSpec { Kind = "cifar10", Paths = [mine, test] } });
        Assert.Equal([4L, 4], Classes(source, 2));
        Refused("there are no training images of cifar10", "cifar10", test);
        Refused("folders are searched for data_batch_*.bin", "cifar10", _folder.Path);
    }

    [Fact]
    public void Files_that_are_not_what_they_should_be_are_refused()
    {
        Refused("has 3072 bytes, which is not a whole number of cifar10 records of 3073 bytes", "cifar10", Write("cut.bin", Record([1], _ => 0)[..^1]));
        Refused("has 0 bytes", "cifar10", Write("empty.bin", []));
        Refused("has 6147 bytes", "cifar10", Write("long.bin", [.. Record([1], _ => 0), .. Record([1], _ => 0), 0]));
        Refused("has 3073 bytes, which is not a whole number of cifar100 records of 3074 bytes", "cifar100", Write("other.bin", Record([1], _ => 0)));
        var label = Write("label.bin", [.. Record([9], _ => 0), .. Record([10], _ => 0)]);
        Refused($"record 1 of {label} has the label 10; labels of cifar10 are from 0 to 9", "cifar10", label);
        Refused("has the label 100; labels of cifar100 are from 0 to 99", "cifar100", Write("fine.bin", Record([1, 100], _ => 0)));
        Refused("has the label 20; labels of cifar100 are from 0 to 19", "cifar100", Write("coarse.bin", Record([20, 1], _ => 0)));
        Refused("there is no file or folder", "cifar10", Path.Combine(_folder.Path, "nowhere"));
        Refused("is a character device, not a file", "cifar10", "/dev/zero");
    }

    [Fact]
    public void A_model_that_cannot_take_the_images_is_refused_before_a_file_is_opened()
    {
        var spec = Spec("cifar100") with { Data = new DataSpec { Kind = "cifar100", Paths = ["/nowhere"] } };
        Assert.Contains("model.imageSize: 64 x 3", Assert.Throws<InvalidDataException>(() => BatchSources.Open(spec with { Model = spec.Model with { ImageSize = 64 } })).Message);
        Assert.Contains("model.classes: 10 is not valid; cifar100 has 100", Assert.Throws<InvalidDataException>(() => BatchSources.Open(spec with { Model = spec.Model with { Classes = 10 } })).Message);
    }

    [Fact]
    public void Training_images_are_augmented_by_sample_number_and_validation_images_never()
    {
        Write("data_batch_1.bin", Record([1], i => (i * 7) % 251));
        Write("test_batch.bin", Record([1], i => (i * 7) % 251));
        using var plain = BatchSources.Open(Spec("cifar10"));
        using var augmented = BatchSources.Open(Spec("cifar10") with { Data = Spec("cifar10").Data with { Augment = true } });
        var original = plain.MicroBatch(0, 0).Content();
        var seen = Enumerable.Range(0, 30).Select(step => augmented.MicroBatch(step, 0).Content()).ToArray();
        Assert.InRange(seen.Select(s => Convert.ToHexString(s.Inputs)).Distinct().Count(), 20, 30);
        Assert.Equal(original.Inputs, augmented.Validation(0).Content().Inputs);
        Assert.Equal(original.Checksum, seen[0].Checksum); // of what is in the file
    }

    private static long[] Classes(IBatchSource source, int steps) => [.. Enumerable.Range(0, steps).SelectMany(step => Batches.Longs(source.MicroBatch(step, 0).Content().Targets))];

    private void Refused(string reason, string kind, string path)
    {
        var spec = Spec(kind) with { Data = new DataSpec { Kind = kind, Paths = [path] } };
        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => BatchSources.Open(spec)).Message);
    }

    private JobSpec Spec(string kind) => new()
    {
        Model = new ModelSpec { Family = "resnet", Classes = 100 },
        Data = new DataSpec { Kind = kind, Paths = [_folder.Path] },
        Training = new TrainingSpec { GlobalBatch = 1, MicroBatches = 1 },
    };

    private string Write(string name, byte[] content)
    {
        var path = _folder.File(name, "");
        File.WriteAllBytes(path, content);
        return path;
    }

    private static byte[] Record(int[] labels, Func<int, int> pixel) => [.. labels.Select(l => (byte)l), .. Enumerable.Range(0, 3072).Select(i => (byte)pixel(i))];
}
