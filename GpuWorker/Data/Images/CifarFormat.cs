namespace Parcae.GpuWorker.Data;

/// <summary>
/// One of the two CIFAR data sets in its binary version (Krizhevsky 2009): records of one label byte (CIFAR-10) or two (CIFAR-100: coarse, then fine, of which the fine one is
/// the class), then 1024 bytes each of red, green and blue, row by row.
/// </summary>
/// <param name="Name">As in <c>DataSpec.Kinds</c>.</param>
/// <param name="Labels">Number of values of each label byte; the last byte is the class.</param>
/// <param name="TrainingFiles">Names of the files with training images, as patterns.</param>
/// <param name="TestFile">Name of the file with test images.</param>
/// <param name="Mean">Mean of each colour over the training images, of values in [0, 1].</param>
/// <param name="Deviation">Standard deviation of each colour.</param>
internal sealed record CifarFormat(string Name, int[] Labels, string TrainingFiles, string TestFile, double[] Mean, double[] Deviation)
{
    /// <summary>Height and width of an image.</summary>
    public const int Size = 32;

    /// <summary>Colours of an image.</summary>
    public const int Channels = 3;

    /// <summary>Bytes of an image.</summary>
    public const int ImageBytes = Channels * Size * Size;

    /// <summary>CIFAR-10: 10 classes.</summary>
    public static CifarFormat Cifar10 { get; } = new("cifar10", [10], "data_batch_*.bin", "test_batch.bin", [0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]);

    /// <summary>CIFAR-100: 20 coarse classes of 5 fine ones.</summary>
    public static CifarFormat Cifar100 { get; } = new("cifar100", [20, 100], "train.bin", "test.bin", [0.5071, 0.4865, 0.4409], [0.2673, 0.2564, 0.2762]);

    /// <summary>Bytes of a record.</summary>
    public int RecordBytes => Labels.Length + ImageBytes;

    /// <summary>Number of classes.</summary>
    public int Classes => Labels[^1];
}
